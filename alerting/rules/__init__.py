"""Kinds of rules, found by walking this folder: one kind is one file that says `KIND`."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

from alerting.model import Carried, Episode, Observation, Problem, Rule

R = TypeVar("R", bound=Rule)


@dataclass(frozen=True, slots=True)
class Kind(Generic[R]):
    """How rules of one kind are read, checked and evaluated; all of it without IO.

    `episodes` is a function of its arguments alone: the order in which readings arrived, and how
    often, never changes what it says. `Carried` is where it starts from, where an episode began
    before the first of them.
    """

    name: str
    rule: type[R]
    episodes: Callable[[R, Iterable[Observation], datetime, Carried | None], tuple[Episode, ...]]
    problems: Callable[[R, Iterable[Observation]], tuple[Problem, ...]]
    lint: Callable[[R], tuple[str, ...]]


def _walk() -> dict[str, Kind[Any]]:
    names = (module.name for module in pkgutil.iter_modules(__path__, f"{__name__}."))
    return {module.KIND.name: module.KIND for module in map(importlib.import_module, names)}


_found: dict[str, Kind[Any]] = {}


def kinds() -> Mapping[str, Kind[Any]]:
    """Return every kind by its name."""
    if not _found:
        _found.update(_walk())
    return MappingProxyType(_found)


__all__: Final = ["Kind", "kinds"]
