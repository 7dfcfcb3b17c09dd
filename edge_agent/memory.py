"""Gives memory back that start-up needed once; a Pi runs the agent for months."""

import ctypes
import gc


def tidy() -> None:
    """Drop what start-up left, and spare what stays from every later collection."""
    gc.collect()
    gc.freeze()
    give_back()


def give_back() -> None:
    """Return free pages of the C heap to the system; glibc keeps them unless it is asked.

    Imports alone leave 6 MB of them, and every TLS connection some more.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
    if trim is not None:
        trim(0)
