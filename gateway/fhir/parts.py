"""Pages of resources that are parts of rows: rows are chosen first, then taken apart.

Taking all readings apart to sort their parts would take seconds; a page needs no more readings than
it has entries.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.fhir.ask import Asked
from gateway.fhir.find import PLACE, View, beyond, cut, order, place, query
from gateway.fhir.params import narrow_of
from gateway.fhir.resource import Key, Resource, Row, Sql, as_uuid
from gateway.storage.database import Connection

# Where parts are sought, a row may have none of them; so many are looked at together.
CHUNK: Final = 1000
UUID_LENGTH: Final = 36


def page_of_parts(
    connection: Connection, asked: Asked, view: View, after: Sequence[str] | None
) -> tuple[Sequence[Row], Sequence[str] | None]:
    """Return rows, and the place of the last one where there are more. As `page` does."""
    picky = any("o." in sql for sql, _ in asked.conditions)
    size = CHUNK if picky else asked.count + 2
    keys = [key for key in asked.keys if not key.sql.startswith("o.")]
    rows: list[Row] = []
    # The row in which the page before ended may have more parts.
    reached, sign = after[: len(keys)] if after else None, "="
    while len(rows) <= asked.count:
        chosen = _Chosen(asked, view, keys, reached, sign, size)
        rows += chosen.parts(connection, after, asked.count + 1 - len(rows))
        if len(rows) > asked.count:
            break
        last = chosen.last(connection)
        if last is None:
            break
        reached, sign = last, ""
    return cut(rows, asked)


def several_parts(
    connection: Connection, resource: Resource, ids: Iterable[str], view: View
) -> Sequence[Row]:
    """Return the parts of these ids that may be seen. As `several` does."""
    wanted = list(ids)
    found = [uuid for id_ in wanted if (uuid := as_uuid(id_[:UUID_LENGTH]))]
    if not found:
        return []
    source = resource.source.replace(resource.whole, resource.picked, 1)
    these: Sql = ("r.id::text || '-' || o.part = ANY(%s)", [wanted])
    text, given = query(resource, [these], view, source=source)
    return connection.execute(text, given | {"picked": found}).fetchall()


@dataclass(frozen=True, slots=True)
class _Chosen:
    """So many rows, from a place on."""

    asked: Asked
    view: View
    keys: Sequence[Key]
    reached: Sequence[str] | None
    sign: str
    size: int

    def parts(
        self, connection: Connection, after: Sequence[str] | None, limit: int
    ) -> Sequence[Row]:
        """Return what they consist of, and is asked for."""
        asked = self.asked
        conditions = list(asked.conditions)
        if after is not None:
            conditions.append(beyond(asked.keys, after, "<" if asked.descending else ">"))
        inner, inner_given = self._query("r.*")
        # The limit inside keeps PostgreSQL from taking apart what is not of the page.
        source = asked.resource.source.replace(asked.resource.whole, f"({inner}) r", 1)
        tail = f"{order(asked.keys, asked.descending)} LIMIT {limit}"
        text, given = query(asked.resource, conditions, self.view, asked.keys, tail, source=source)
        return connection.execute(text, inner_given | given).fetchall()

    def last(self, connection: Connection) -> Sequence[str] | None:
        """Return the place of the last of them; None: there are no more behind it."""
        names = ", ".join(f"({key.sql})::text AS {PLACE}{n}" for n, key in enumerate(self.keys))
        text, given = self._query(names, offset=self.size - 1)
        row = connection.execute(text, given).fetchone()
        return None if row is None else place(row, len(self.keys))

    def _query(self, columns: str, offset: int = 0) -> tuple[str, dict[str, Any]]:
        asked = self.asked
        conditions = [found for one in asked.conditions if (found := narrow_of(one)) is not None]
        if self.reached is not None:
            sign = ("<" if asked.descending else ">") + self.sign
            conditions.append(beyond(self.keys, self.reached, sign))
        tail = f"{order(self.keys, asked.descending)} LIMIT {self.size - offset} OFFSET {offset}"
        source = f"{asked.resource.whole} JOIN patient p ON p.id = r.patient_id"
        return query(
            asked.resource, conditions, self.view, (), tail, only=columns, source=source, prefix="w"
        )
