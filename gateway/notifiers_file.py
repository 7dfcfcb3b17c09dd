"""Reads the site's notifiers.toml: which channels to people are set up, one table each."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from alerting.errors import ChannelError
from alerting.notifiers import notifiers
from alerting.ports import Notifier
from gateway import site_file
from gateway.errors import WrongInput
from gateway.site_file import read_tables

NOTIFIERS: Final = "notifiers.toml"


def read_notifiers(path: Path) -> Mapping[str, Notifier]:
    """Return a notifier for every channel; only the console without the file. Raises WrongInput.

    The file holds secrets of providers, so no value of it is quoted.
    """
    tables = read_tables(path)
    if strange := [name for name, table in tables.items() if not isinstance(table, dict)]:
        raise WrongInput(f"{path}: {strange[0]} is not a table.")
    try:
        return notifiers(tables)
    except ChannelError as error:
        raise WrongInput(f"{path}: {error}.") from None


def is_wrong(path: Path) -> bool:
    """Say whether a worker that reads the file now can send nothing."""
    return site_file.is_wrong(path, read_notifiers)
