"""Channels to people, found by walking this folder: one channel is one file that says `CHANNEL`."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from alerting.errors import ChannelError
from alerting.ports import Notifier

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to people. `build` gets its table of the site's notifiers.toml, `{}` if there is none.

    It returns None where the site has not set it up, and raises ValidationError for a wrong table.
    """

    name: str
    build: Callable[[Table], Notifier | None]


def channels() -> Mapping[str, Channel]:
    """Return every channel by its name."""
    names = (module.name for module in pkgutil.iter_modules(__path__, f"{__name__}."))
    found = (getattr(importlib.import_module(name), "CHANNEL", None) for name in names)
    return {channel.name: channel for channel in found if isinstance(channel, Channel)}


def notifiers(tables: Mapping[str, Table]) -> Mapping[str, Notifier]:
    """Return the notifier of every channel that the site has set up. Raises ChannelError."""
    known = channels()
    if strange := sorted(set(tables) - set(known)):
        raise ChannelError(strange[0], f"no such channel; known are {', '.join(sorted(known))}")
    built = {name: _built(channel, tables.get(name, {})) for name, channel in known.items()}
    return {name: notifier for name, notifier in built.items() if notifier is not None}


def _built(channel: Channel, table: Table) -> Notifier | None:
    try:
        return channel.build(table)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join([channel.name, *map(str, first["loc"])])
        raise ChannelError(where, first["msg"]) from None


__all__: Final = ["Channel", "Table", "channels", "notifiers"]
