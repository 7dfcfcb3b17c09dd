"""Channels to people, found by walking this folder: one channel is one file that says `CHANNEL`."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from alerting.ports import Notifier


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to people. `build` gets the site's settings; None where the site has not set it up."""

    name: str
    build: Callable[[Mapping[str, str]], Notifier | None]


def channels() -> Mapping[str, Channel]:
    """Return every channel by its name."""
    names = (module.name for module in pkgutil.iter_modules(__path__, f"{__name__}."))
    found = (getattr(importlib.import_module(name), "CHANNEL", None) for name in names)
    return {channel.name: channel for channel in found if isinstance(channel, Channel)}


def notifiers(settings: Mapping[str, str]) -> Mapping[str, Notifier]:
    """Return the notifier of every channel that the site has set up."""
    built = ((name, channel.build(settings)) for name, channel in channels().items())
    return {name: notifier for name, notifier in built if notifier is not None}


__all__: Final = ["Channel", "channels", "notifiers"]
