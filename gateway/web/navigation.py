"""The places of the console. A page names its own: `NAVIGATION = Entry(...)`, found by walking."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

from gateway.access.rights import Right
from gateway.access.who import Who


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in the bar on top. Any of the rights shows it; `title` is a `template(...)`."""

    order: int
    title: str
    path: str
    rights: frozenset[Right]
    key: str = ""
    """Pressed after g, as g w; said in the help for the keyboard."""


def places(who: Who | None) -> tuple[Entry, ...]:
    """Return where somebody may go."""
    return tuple(entry for entry in _all() if who is not None and entry.rights & who.rights)


@lru_cache
def _all() -> tuple[Entry, ...]:
    return tuple(sorted(_declared(), key=lambda entry: entry.order))


def _declared() -> Iterator[Entry]:
    from gateway.web import pages  # the pages are written on templates, which need this

    for module in iter_modules(pages.__path__):
        found = getattr(import_module(f"{pages.__name__}.{module.name}"), "NAVIGATION", None)
        if isinstance(found, Entry):
            yield found
