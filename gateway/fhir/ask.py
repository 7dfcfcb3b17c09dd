"""What a search asks for, read from its parameters (FHIR R4, 3.1.1)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.fhir.errors import NotSupported, WrongValue
from gateway.fhir.params import Date, either
from gateway.fhir.resource import Key, Param, Resource, Sql

Pairs = Sequence[tuple[str, str]]

USUAL, MOST = 50, 200
LONGEST: Final = 2000
# Each is a condition: PostgreSQL takes 65,535 values, and a search is not to cost it seconds.
MOST_VALUES: Final = 500
# A comma that is not escaped separates values, any of which will do.
COMMA: Final = re.compile(r"(?<!\\),")
ESCAPED: Final = re.compile(r"\\([,$|\\])")
# What says nothing about which rows: how the answer is written is the header's to say.
ABOUT_FORM: Final = frozenset({"_format", "_pretty"})


@dataclass(slots=True)
class Asked:
    """A search of one resource."""

    resource: Resource
    conditions: list[Sql] = field(default_factory=list)
    used: list[tuple[str, str]] = field(default_factory=list)
    """What was understood, for the link to itself."""
    includes: list[tuple[str, str | None]] = field(default_factory=list)
    count: int = USUAL
    count_only: bool = False
    total: bool = False
    sort: Key | None = None
    descending: bool = False

    @property
    def keys(self) -> tuple[Key, ...]:
        """Return what the rows are sorted by."""
        if self.sort is None:
            return self.resource.keys
        return (self.sort, *(key for key in self.resource.keys if key != self.sort))


def ask(resource: Resource, pairs: Iterable[tuple[str, str]], now: datetime, strict: bool) -> Asked:
    """Read parameters. One that is unknown is left out, or refused where `strict`."""
    asked, pairs = Asked(resource), list(pairs)
    if sum(1 + value.count(",") for _, value in pairs) > MOST_VALUES:
        raise WrongValue(f"A search takes {MOST_VALUES} values at most.")
    for name, value in pairs:
        if "\0" in value:
            raise WrongValue
        if len(value) > LONGEST:
            raise WrongValue(f"`{_word(name)}` is too long.")
        if _understood(asked, name, value, now):
            asked.used.append((name, value))
        elif strict:
            raise NotSupported(f"There is no parameter `{_word(name)}` of {resource.type}.")
    return asked


def params_of(resource: Resource) -> dict[str, Param]:
    """Return the parameters of a resource, with those of all of them."""
    updated = Date(resource.updated, "When it was changed last")
    return {"_lastUpdated": updated, **resource.params}


def _understood(asked: Asked, name: str, value: str, now: datetime) -> bool:
    if name in ABOUT_FORM:
        return True
    if name in _CONTROLS:
        return _CONTROLS[name](asked, value)
    base, _, modifier = name.partition(":")
    if base == "_id" and not modifier:
        asked.conditions.append(either([asked.resource.by_id(one) for one in _values(value)]))
        return True
    param = params_of(asked.resource).get(base)
    if param is None:
        return False
    if modifier and not (param.kind == "reference" and modifier in {"Patient", "Device"}):
        raise NotSupported(f"`{_word(base)}` takes no such modifier.")
    values = [f"{modifier}/{one}" if modifier else one for one in _values(value)]
    asked.conditions.append(either([param.where(one, now) for one in values]))
    return True


def _values(value: str) -> list[str]:
    """Return the alternatives of a value. An empty one is an error, not everything."""
    found = [ESCAPED.sub(r"\1", one).strip() for one in COMMA.split(value)]
    if not all(found):
        raise WrongValue("A parameter has no value.")
    return found


def _count(asked: Asked, value: str) -> bool:
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise WrongValue("`_count` is a number.")
    asked.count = min(int(value), MOST)
    asked.count_only = asked.count_only or int(value) == 0
    return True


def _summary(asked: Asked, value: str) -> bool:
    asked.count_only = asked.count_only or value == "count"
    return value in {"count", "false"}


def _total(asked: Asked, value: str) -> bool:
    asked.total = value == "accurate"
    return value in {"accurate", "none"}


def _sort(asked: Asked, value: str) -> bool:
    name = value.removeprefix("-")
    keys = {"_lastUpdated": Key(asked.resource.updated, "timestamptz"), **asked.resource.sorts}
    if name not in keys:
        return False
    asked.sort, asked.descending = keys[name], value.startswith("-")
    return True


def _include(asked: Asked, value: str) -> bool:
    """Note `Type:parameter` or `Type:parameter:Target`; `*` is all of them."""
    if value == "*":
        asked.includes += [(name, None) for name in asked.resource.includes]
        return True
    source, _, rest = value.partition(":")
    name, _, target = rest.partition(":")
    if source != asked.resource.type or name not in asked.resource.includes:
        return False
    asked.includes.append((name, target or None))
    return True


_CONTROLS: Final = {
    "_count": _count,
    "_summary": _summary,
    "_total": _total,
    "_sort": _sort,
    "_include": _include,
}
CONTROLS: Final = tuple(_CONTROLS)


def _word(name: str) -> str:
    """Return a name to be said again: only what can be one."""
    return name if re.fullmatch(r"[A-Za-z_.:-]{1,40}", name) else "?"
