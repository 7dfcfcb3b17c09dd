"""Connectors, found by walking this folder: one system is one file that says `KIND`."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.connectors.ports import Connector

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of far side. `build` gets what is its own of a table of connectors.toml.

    It raises pydantic's ValidationError for a wrong table. Nothing is sent by it.
    """

    name: str
    title: str
    """As people call it: `Salesforce Health Cloud`."""
    build: Callable[[Table], Connector]
    tried: str
    """Against what it was tested, for docs/connectors.md."""


def kinds() -> Mapping[str, Kind]:
    """Return every kind by its name."""
    names = (module.name for module in pkgutil.iter_modules(__path__, f"{__name__}."))
    found = (getattr(importlib.import_module(name), "KIND", None) for name in names)
    return {kind.name: kind for kind in found if isinstance(kind, Kind)}


__all__: Final = ["Kind", "Table", "kinds"]
