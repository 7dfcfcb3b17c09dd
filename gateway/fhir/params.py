"""The kinds of search parameters (FHIR R4, 3.1.1.4), as conditions of SQL."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.fhir.dates import condition
from gateway.fhir.errors import WrongValue
from gateway.fhir.resource import NOTHING, Narrowed, Sql, as_uuid
from gateway.storage.patients import like


@dataclass(frozen=True, slots=True)
class Date:
    """A moment."""

    column: str
    about: str = ""
    kind: str = "date"

    def where(self, value: str, now: datetime) -> Sql:
        """See Param."""
        return condition(self.column, value, now)


@dataclass(frozen=True, slots=True)
class Token:
    """A code of a fixed set, each with the values that a column has for it."""

    column: str
    codes: Mapping[str, Sequence[Any]]
    system: str | None = None
    about: str = ""
    kind: str = "token"

    def where(self, value: str, now: datetime) -> Sql:  # noqa: ARG002
        """See Param."""
        system, code = split(value)
        if system not in (None, self.system) or code not in self.codes:
            return NOTHING
        return f"{self.column} = ANY(%s)", [list(self.codes[code])]


@dataclass(frozen=True, slots=True)
class Identifier:
    """A system and a value; `columns` has a condition for each system, of the value."""

    columns: Mapping[str, Callable[[str], Sql]]
    about: str = ""
    kind: str = "token"

    def where(self, value: str, now: datetime) -> Sql:  # noqa: ARG002
        """See Param."""
        system, code = split(value)
        if system is not None:
            found = self.columns.get(system)
            return found(code) if found else NOTHING
        return either([find(code) for find in self.columns.values()])


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to one of our resources, by id, `Type/id`, or an address of ours."""

    targets: Mapping[str, Callable[[str], Sql]]
    """By type, the condition of an id. An id alone is of the first type."""
    about: str = ""
    kind: str = "reference"

    def where(self, value: str, now: datetime) -> Sql:  # noqa: ARG002
        """See Param."""
        type_, _, id_ = value.rpartition("/")
        type_ = type_.rpartition("/")[2] or next(iter(self.targets))
        found = self.targets.get(type_)
        return found(id_) if found else NOTHING


@dataclass(frozen=True, slots=True)
class Text:
    """The beginning of one of some columns, in any case of letters."""

    columns: tuple[str, ...]
    about: str = ""
    kind: str = "string"

    def where(self, value: str, now: datetime) -> Sql:  # noqa: ARG002
        """See Param."""
        if not value.strip():
            raise WrongValue
        parts = [f"lower({column}) LIKE %s || '%%'" for column in self.columns]
        return f"({' OR '.join(parts)})", [like(value)] * len(parts)


@dataclass(frozen=True, slots=True)
class Custom:
    """Whatever else: a function of the value."""

    kind: str
    find: Callable[[str], Sql]
    about: str = ""

    def where(self, value: str, now: datetime) -> Sql:  # noqa: ARG002
        """See Param."""
        return self.find(value)


def to(column: str) -> Callable[[str], Sql]:
    """Return the condition that a column is the UUID that somebody names."""

    def found(id_: str) -> Sql:
        uuid = as_uuid(id_.removeprefix("urn:uuid:"))
        return NOTHING if uuid is None else (f"{column} = %s", [uuid])

    return found


def split(value: str) -> tuple[str | None, str]:
    """Return system and code of a token; `|x` has the system that is none."""
    system, bar, code = value.rpartition("|")
    return (system if bar else None), code


def either(conditions: Sequence[Sql]) -> Sql:
    """Return the condition that one of them holds."""
    kept = [one for one in conditions if one != NOTHING]
    if not kept:
        return NOTHING
    whole = _or(kept)
    narrow = [found for one in kept if (found := narrow_of(one)) is not None]
    return Narrowed.of(whole, _or(narrow)) if len(narrow) == len(kept) else whole


def narrow_of(condition: Sql) -> Sql | None:
    """Return what a condition says of a whole row; None: it speaks of parts only."""
    if isinstance(condition, Narrowed):
        return condition.narrow
    return None if "o." in condition[0] else condition


def _or(conditions: Sequence[Sql]) -> Sql:
    return (
        f"({' OR '.join(sql for sql, _ in conditions)})",
        [value for _, values in conditions for value in values],
    )
