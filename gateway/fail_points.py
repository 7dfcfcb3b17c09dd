"""Places at which a test lets the program die. In a gateway that runs, they do nothing.

`reached` is called between any two steps of an alert's life that must hold together; a test sets
`stop_at` and sees that nothing is lost or doubled.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_watching: list[Callable[[str], None]] = []


class Died(BaseException):
    """What a test raises; no handler of errors takes it, as none survives kill -9."""


def reached(point: str) -> None:
    """Say that the program has come to this point."""
    for watch in _watching:
        watch(point)


@contextmanager
def watching(watch: Callable[[str], None]) -> Iterator[None]:
    """Let a test see, for a while, every point that is reached."""
    _watching.append(watch)
    try:
        yield
    finally:
        _watching.remove(watch)
