"""Finds rows: pages by what they are sorted by, single ones, those that others name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.fhir.ask import Asked
from gateway.fhir.resource import NOTHING, Built, Key, Resource, Row, Sql
from gateway.storage.database import Connection

PLACE: Final = "key_"


@dataclass(frozen=True, slots=True)
class View:
    """Who looks, when."""

    viewer: UUID | None
    now: datetime


def page(
    connection: Connection, asked: Asked, view: View, after: Sequence[str] | None
) -> tuple[Sequence[Row], Sequence[str] | None]:
    """Return rows, and the place of the last one where there are more."""
    keys, conditions = asked.keys, list(asked.conditions)
    if after is not None:
        conditions.append(beyond(keys, after, "<" if asked.descending else ">"))
    tail = f"{order(keys, asked.descending)} LIMIT {asked.count + 1}"
    rows = connection.execute(*query(asked.resource, conditions, view, keys, tail)).fetchall()
    return cut(rows, asked)


def cut(rows: Sequence[Row], asked: Asked) -> tuple[Sequence[Row], Sequence[str] | None]:
    """Return a page of rows, and the place of its last one where there are more."""
    if len(rows) <= asked.count:
        return rows, None
    kept = rows[: asked.count]
    return kept, place(kept[-1], len(asked.keys))


def place(row: Row, keys: int) -> Sequence[str]:
    """Return where a row stands in the order of its query."""
    return [row[f"{PLACE}{n}"] for n in range(keys)]


def order(keys: Sequence[Key], descending: bool) -> str:
    """Return how a query is sorted."""
    way = "DESC" if descending else "ASC"
    return "ORDER BY " + ", ".join(f"{key.sql} {way}" for key in keys)


def count(connection: Connection, asked: Asked, view: View) -> int:
    """Return how many there are."""
    text, given = query(asked.resource, asked.conditions, view, only="count(*) AS total")
    row = connection.execute(text, given).fetchone()
    return int(row["total"]) if row else 0


def one(connection: Connection, resource: Resource, id_: str, view: View) -> Row | None:
    """Return a row by its id, hidden or not; `hidden` says which."""
    text, given = query(resource, [resource.by_id(id_)], view, seen=False)
    return connection.execute(text, given).fetchone()


def several(
    connection: Connection, resource: Resource, ids: Iterable[str], view: View
) -> Sequence[Row]:
    """Return the rows of these ids that may be seen."""
    found = [each for id_ in ids if (each := resource.by_id(id_)) != NOTHING]
    if not found:
        return []
    sql = f"({' OR '.join(each for each, _ in found)})"
    values = [value for _, values in found for value in values]
    return connection.execute(*query(resource, [(sql, values)], view)).fetchall()


def query(
    resource: Resource,
    conditions: Sequence[Sql],
    view: View,
    keys: Sequence[Key] = (),
    tail: str = "",
    *,
    only: str = "",
    seen: bool = True,
    source: str = "",
    prefix: str = "v",
) -> tuple[str, dict[str, Any]]:
    """Return a query and what is given to it. What is hidden from who looks is not found."""
    places = "".join(f", ({key.sql})::text AS {PLACE}{n}" for n, key in enumerate(keys))
    columns = only or (
        f"{resource.columns}, {resource.updated} AS updated, {resource.patient} AS patient, "
        f"{resource.hidden} AS hidden{places}"
    )
    given: dict[str, Any] = {"viewer": view.viewer, "now": view.now}
    where = [resource.where, *([f"NOT {resource.hidden}"] if seen else [])]
    source = source or resource.source
    where += [_bound(each, given, prefix) for each in conditions]
    return f"SELECT {columns} FROM {source} WHERE {' AND '.join(where)} {tail}", given  # noqa: S608


def _bound(condition: Sql, given: dict[str, Any], prefix: str) -> str:
    """Return a condition whose values have names: the query around it has names, too."""
    sql, values = condition
    parts = sql.split("%s")
    for value, n in zip(values, range(len(parts) - 1), strict=True):
        name = f"{prefix}{len(given)}"
        given[name] = value
        parts[n] += f"%({name})s"
    return "".join(parts)


def beyond(keys: Sequence[Key], after: Sequence[str], sign: str) -> Sql:
    """Return the condition that a row comes after a place."""
    left = ", ".join(key.sql for key in keys)
    right = ", ".join(f"%s::text::{key.type}" for key in keys)
    return f"({left}) {sign} ({right})", after


def references(built: Iterable[Built], asked: Asked) -> Mapping[str, set[str]]:
    """Return the ids that `_include` names, by type."""
    found: dict[str, set[str]] = {}
    for each in built:
        for type_, id_ in _named(each, asked):
            found.setdefault(type_, set()).add(id_)
    return found


def _named(built: Built, asked: Asked) -> Iterator[tuple[str, str]]:
    for name, target in asked.includes:
        include = asked.resource.includes[name]
        for reference in include.references(built):
            type_, _, id_ = reference.partition("/")
            if type_ in include.targets and target in (None, type_):
                yield type_, id_
