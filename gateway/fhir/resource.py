"""What a resource is: its rows, how they are sought, how one of them is told as FHIR."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from uuid import UUID

from gateway.access.rights import Right
from gateway.storage.closed import CLOSED

Row = Mapping[str, Any]
Built = dict[str, Any]
Sql = tuple[str, Sequence[Any]]
"""A condition, and what stands for each `%s` of it."""

NOTHING: Final[Sql] = ("false", ())


class Narrowed(tuple[str, Sequence[Any]]):
    """A condition on parts of a row, and one on the row itself that holds wherever it does."""

    narrow: Sql

    @classmethod
    def of(cls, condition: Sql, narrow: Sql) -> "Narrowed":
        """Return the condition with its narrower one."""
        made = cls(condition)
        made.narrow = narrow
        return made


class Param(Protocol):
    """A search parameter: what kind it is, and which rows a value of it names."""

    @property
    def kind(self) -> str:
        """Return token, date, reference or string."""

    @property
    def about(self) -> str:
        """Return what the CapabilityStatement says of it."""

    def where(self, value: str, now: datetime) -> Sql:
        """Return the condition. Raises WrongValue."""


@dataclass(frozen=True, slots=True)
class Key:
    """What rows are sorted by: an expression, never null, and its type."""

    sql: str
    type: str


@dataclass(frozen=True, slots=True)
class Include:
    """What `_include` can bring along: of which types, by which references of a resource."""

    targets: frozenset[str]
    references: Callable[[Built], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the facade. Its rows are read as hearthline_app: one organisation's."""

    type: str
    rights: frozenset[Right]
    """Any of which is enough to see it."""
    named: str
    """What stands for its id in paths."""
    columns: str
    source: str
    build: Callable[[Row], Built]
    by_id: Callable[[str], Sql]
    keys: tuple[Key, ...]
    """The order of pages. It ends with what is unique."""
    updated: str
    """When it was written last, by the clock of that moment."""
    patient: str = "p.id"
    """Whose it is, for the audit; `p` is the patient's row."""
    hidden: str = CLOSED
    where: str = "NOT p.synthetic"
    params: Mapping[str, Param] = field(default_factory=dict)
    includes: Mapping[str, Include] = field(default_factory=dict)
    whole: str = ""
    """Where a row of ours is several resources: what the rows alone are read from. What is said of
    parts is then said of `o`."""
    picked: str = ""
    """In place of `whole`: the rows with the ids `picked`, by which those of their parts begin."""
    sorts: Mapping[str, Key] = field(default_factory=dict)
    profiles: tuple[str, ...] = ()
    about: str = ""


def of_uuid(column: str) -> Callable[[str], Sql]:
    """Return the condition by which a row is found whose id is a UUID."""

    def by_id(id_: str) -> Sql:
        found = as_uuid(id_)
        return NOTHING if found is None else (f"{column} = %s", [found])

    return by_id


def as_uuid(text: str) -> UUID | None:
    """Return the UUID that this is, in the one form in which we write it."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None


def base(row: Row, type_: str, *profiles: str) -> Built:
    """Return what every resource begins with."""
    meta: Built = {"versionId": version(row["updated"]), "lastUpdated": instant(row["updated"])}
    if profiles:
        meta["profile"] = list(profiles)
    return {"resourceType": type_, "id": str(row["id"]), "meta": meta}


def version(at: datetime) -> str:
    """Return the version of a row that was written then: microseconds since 1970."""
    return str(int(at.timestamp()) * 1_000_000 + at.microsecond)


def instant(at: datetime) -> str:
    """Return a moment as FHIR has it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def reference(type_: str, id_: object) -> dict[str, str]:
    """Return a reference to one of our resources."""
    return {"reference": f"{type_}/{id_}"}


def refer(*path: str) -> Callable[[Built], Sequence[str]]:
    """Return what finds the references that stand in a resource at this path."""

    def found(built: Any) -> list[str]:
        parts = [built]
        for name in path:
            deeper = [part[name] for part in parts if name in part]
            parts = [one for part in deeper for one in (part if isinstance(part, list) else [part])]
        return [part["reference"] for part in parts if "reference" in part]

    return found
