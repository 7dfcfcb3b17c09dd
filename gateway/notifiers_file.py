"""Reads the site's notifiers.toml: which channels to people are set up, one table each."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from alerting.errors import ChannelError
from alerting.notifiers import notifiers
from alerting.ports import Notifier
from gateway.errors import WrongInput

NOTIFIERS: Final = "notifiers.toml"


def read_notifiers(path: Path) -> Mapping[str, Notifier]:
    """Return a notifier for every channel; only the console without the file. Raises WrongInput.

    The file holds secrets of providers, so no value of it is quoted.
    """
    try:
        with path.open("rb") as file:
            tables = tomllib.load(file)
    except FileNotFoundError:
        tables = {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise WrongInput(f"{path} is not TOML.") from None
    except OSError as error:
        raise WrongInput(f"{path} cannot be read: {error.strerror}.") from None
    if strange := [name for name, table in tables.items() if not isinstance(table, dict)]:
        raise WrongInput(f"{path}: {strange[0]} is not a table.")
    try:
        return notifiers(tables)
    except ChannelError as error:
        raise WrongInput(f"{path}: {error}.") from None


def is_wrong(path: Path) -> bool:
    """Say whether a worker that reads the file now can send nothing."""
    try:
        # Unlike its mtime, this changes with its rights too, and with another file in its place.
        return _is_wrong(path, path.stat().st_ctime_ns)
    except FileNotFoundError:
        return False
    except OSError:
        return True


@lru_cache(maxsize=1)
def _is_wrong(path: Path, _changed: int) -> bool:
    try:
        read_notifiers(path)
    except WrongInput:
        return True
    return False
