"""Exports that programs asked for: rows that wait, are written by somebody, and end."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from gateway.access.who import Who
from gateway.storage.database import Connection

# Who writes one says so more often than this; who does not is taken for dead.
LEASE: Final = timedelta(minutes=1)
KEPT: Final = timedelta(days=1)
REMEMBERED: Final = timedelta(days=30)

ASK: Final = """
INSERT INTO fhir_export (id, organisation_id, who, who_name, is_program, request, types, since,
    asked_at, next_action_at)
VALUES (%(id)s, %(organisation)s, %(who)s, %(name)s, %(program)s, %(request)s, %(types)s,
    %(since)s, %(now)s, %(now)s)"""
ALIVE: Final = """
SELECT count(*) AS n FROM fhir_export WHERE who = %s AND state IN ('waiting', 'done')"""
FIND: Final = """
SELECT id, request, types, state, progress, until, files, next_action_at, error FROM fhir_export
WHERE id = %s AND who = %s AND state IN ('waiting', 'done', 'failed')"""
CANCEL: Final = """
UPDATE fhir_export SET state = 'cancelled', next_action_at = %s
WHERE id = %s AND who = %s AND state IN ('waiting', 'done') RETURNING id"""
TAKE: Final = """
UPDATE fhir_export SET next_action_at = %(lease)s, attempts = attempts + 1
WHERE id = (SELECT id FROM fhir_export WHERE state = 'waiting' AND next_action_at <= %(now)s
    ORDER BY array_position(%(had)s::uuid[], organisation_id) NULLS FIRST, next_action_at
    LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, organisation_id, who, who_name, is_program, types, since, attempts"""
GO_ON: Final = """
UPDATE fhir_export SET progress = %s, next_action_at = clock_timestamp() + %s
WHERE id = %s AND state = 'waiting' AND attempts = %s RETURNING id"""
DONE: Final = """
UPDATE fhir_export SET state = 'done', until = %s, files = %s, next_action_at = %s
WHERE id = %s AND state = 'waiting' AND attempts = %s RETURNING id"""
AGAIN: Final = "UPDATE fhir_export SET next_action_at = %s WHERE id = %s AND state = 'waiting'"
FAILED: Final = """
UPDATE fhir_export SET state = 'failed', error = %s, next_action_at = NULL
WHERE id = %s AND state = 'waiting'"""
WAITS: Final = "SELECT FROM fhir_export WHERE id = %s AND state = 'waiting'"
OLD: Final = """
SELECT id FROM fhir_export e WHERE (state IN ('done', 'cancelled') AND next_action_at <= %s)
    OR (state IN ('waiting', 'done') AND EXISTS (SELECT FROM program g
        WHERE g.id = e.who AND g.disabled_at IS NOT NULL))
LIMIT 20"""
GONE: Final = "UPDATE fhir_export SET state = 'deleted', next_action_at = NULL WHERE id = %s"
FORGET: Final = """
DELETE FROM fhir_export WHERE state IN ('deleted', 'failed') AND asked_at < %s"""
# Until when everything is committed that was written: whoever writes now began later.
HORIZON: Final = """
SELECT least(clock_timestamp(), min(xact_start)) AS at FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
    AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()"""


def ask_export(
    connection: Connection,
    who: Who,
    request: str,
    types: Sequence[str],
    since: datetime | None,
    now: datetime,
) -> UUID:
    """Ask for an export."""
    id_ = uuid4()
    given = {"id": id_, "organisation": who.organisation, "who": who.id, "name": who.name}
    given |= {"program": who.session is None, "request": request, "types": list(types)}
    connection.execute(ASK, {**given, "since": since, "now": now})
    return id_


def exports_alive(connection: Connection, who: UUID) -> int:
    """Return how many somebody has that are not over."""
    row = connection.execute(ALIVE, [who]).fetchone()
    return int(row["n"]) if row else 0


def find_export(connection: Connection, export: UUID, who: UUID) -> dict[str, Any] | None:
    """Return an export of somebody."""
    return connection.execute(FIND, [export, who]).fetchone()


def cancel_export(connection: Connection, export: UUID, who: UUID, now: datetime) -> bool:
    """End an export; what was written is deleted soon. False: there is none."""
    return connection.execute(CANCEL, [now, export, who]).fetchone() is not None


def take_export(
    connection: Connection, now: datetime, had: Sequence[UUID] = ()
) -> dict[str, Any] | None:
    """Return one that waits, or whose writer died; it is ours for the lease.

    `had` are the organisations that had their turns, the latest last: theirs is the last again.
    """
    given = {"now": now, "lease": now + LEASE, "had": list(had)}
    return connection.execute(TAKE, given).fetchone()


def go_on(connection: Connection, row: dict[str, Any], progress: str) -> bool:
    """Say how far it is; False: it is nobody's wish any more, or another's work."""
    given = [progress, LEASE, row["id"], row["attempts"]]
    return connection.execute(GO_ON, given).fetchone() is not None


def export_is_done(
    connection: Connection, row: dict[str, Any], until: datetime, files: Any, now: datetime
) -> bool:
    """Note what was written; False: it is nobody's wish any more."""
    given = [until, Jsonb(files), now + KEPT, row["id"], row["attempts"]]
    return connection.execute(DONE, given).fetchone() is not None


def export_failed(
    connection: Connection, row: dict[str, Any], error: str, again_at: datetime | None
) -> None:
    """Note that it failed: for now, or for good."""
    if again_at is None:
        connection.execute(FAILED, [error, row["id"]])
    else:
        connection.execute(AGAIN, [again_at, row["id"]])


def export_waits(connection: Connection, export: UUID) -> bool:
    """Say whether it is still to be written, or being written."""
    return connection.execute(WAITS, [export]).fetchone() is not None


def old_exports(connection: Connection, now: datetime) -> list[UUID]:
    """Return those whose files go, by time or with their program; forget what ended long ago."""
    connection.execute(FORGET, [now - REMEMBERED])
    return [row["id"] for row in connection.execute(OLD, [now])]


def export_is_gone(connection: Connection, export: UUID) -> None:
    """Note that its files are deleted."""
    connection.execute(GONE, [export])


def horizon(connection: Connection) -> datetime:
    """Return until when nothing will be added any more."""
    row = connection.execute(HORIZON).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has a row
    at: datetime = row["at"]
    return at
