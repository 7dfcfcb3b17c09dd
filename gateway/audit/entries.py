"""Reads chains as the canonical form has them, and the text of no function of ours in between."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from gateway.audit.chain import Entry
from gateway.storage.database import Connection

# The columns of the canonical form, in its order; migration 0015 has the same.
PARTS: Final = (
    "organisation_id::text",
    "seq::text",
    "version::text",
    "extract(epoch FROM recorded_at)::text",
    "extract(epoch FROM at)::text",
    "actor_kind",
    "actor_id::text",
    "actor",
    "roles",
    "session_id::text",
    "action",
    "patients::text",
    "subject_kind",
    "subject_id",
    "detail::text",
)
ENTRIES: Final = f"""
SELECT organisation_id, seq, hash, ARRAY[{", ".join(PARTS)}] AS parts FROM audit
WHERE (%(organisation)s::uuid IS NULL OR organisation_id = %(organisation)s) AND seq > %(after)s
ORDER BY organisation_id, seq, ctid"""  # noqa: S608 - names of columns
AT_A_TIME: Final = 2000


def chains(connection: Connection) -> Iterator[tuple[UUID, Iterator[Entry]]]:
    """Give each organisation's entries, within a transaction; each to its end before the next."""
    with connection.cursor("audit_entries") as cursor:
        cursor.itersize = AT_A_TIME
        cursor.execute(ENTRIES, {"organisation": None, "after": -(2**62)})
        for organisation, rows in groupby(cursor, key=lambda row: row["organisation_id"]):
            yield organisation, map(_entry, rows)


def entries_after(connection: Connection, organisation: UUID, seq: int) -> Iterator[Entry]:
    """Give what came after an entry."""
    with connection.cursor("audit_after") as cursor:
        cursor.itersize = AT_A_TIME
        cursor.execute(ENTRIES, {"organisation": organisation, "after": seq})
        yield from map(_entry, cursor)


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(row["seq"], bytes(row["hash"]), tuple(row["parts"]))
