"""Rows of the watchdog: whose synthetic home it is, and how far each run has come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.storage.database import Connection

ADD: Final = """
INSERT INTO watchdog (organisation_id, hub_id, patient_id, device_id, every, made_at,
    next_action_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)"""
FIND: Final = "SELECT hub_id, every FROM watchdog WHERE organisation_id = %s FOR UPDATE"
EVERY: Final = """
UPDATE watchdog SET every = %(every)s, next_action_at = %(now)s WHERE organisation_id = %(org)s"""
SYNTHETIC: Final = (
    "UPDATE patient SET synthetic = true WHERE id = %(patient)s",
    "UPDATE hub SET synthetic = true WHERE id = %(hub)s",
)
# Of several workers one takes it. A run that was slept through is not made up for.
TAKE: Final = """
UPDATE watchdog SET seq = seq + %(count)s, next_action_at = %(now)s + every
WHERE organisation_id = (SELECT organisation_id FROM watchdog
    WHERE next_action_at <= %(now)s AND organisation_id = ANY(%(orgs)s)
    ORDER BY next_action_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING organisation_id, hub_id, device_id, seq"""
DUE_NOW: Final = """
UPDATE watchdog SET next_action_at = %(now)s WHERE organisation_id = %(org)s"""
BEGIN: Final = """
INSERT INTO watchdog_run (id, organisation_id, seq, begun_at) VALUES (%s, %s, %s, %s)"""
PUBLISHED: Final = "UPDATE watchdog_run SET published_at = %s WHERE id = %s"
# How far it has come, by what the tables say that everybody's readings go through.
FOLLOW: Final = """
SELECT r.id, r.organisation_id, r.begun_at, r.published_at, w.patient_id, e.reading_id,
    e.disposition, e.reason, e.stored_at, v.evaluated_at, t.task_id, t.task_at,
    (SELECT min(n.sent_at) FROM notification n WHERE n.tasks @> ARRAY[t.task_id]) AS notified_at
FROM watchdog_run r JOIN watchdog w ON w.organisation_id = r.organisation_id
LEFT JOIN envelope e ON e.hub_id = w.hub_id AND e.epoch = 1 AND e.seq = r.seq
LEFT JOIN evaluation v ON v.reading_id = e.reading_id
LEFT JOIN LATERAL (SELECT k.id AS task_id, k.created_at AS task_at
    FROM alert_reading ar JOIN alert a ON a.id = ar.alert_id JOIN task k ON k.id = a.task_id
    WHERE ar.reading_id = e.reading_id AND k.created_at >= r.begun_at
    ORDER BY k.created_at LIMIT 1) AS t ON true
WHERE r.state = 'running' ORDER BY r.begun_at FOR UPDATE OF r SKIP LOCKED"""
KEEP: Final = """
UPDATE watchdog_run SET reading_id = %(reading_id)s, stored_at = %(stored_at)s,
    evaluated_at = %(evaluated_at)s, task_id = %(task_id)s, task_at = %(task_at)s,
    notified_at = %(notified_at)s, state = %(state)s, over_at = %(over_at)s, error = %(error)s
WHERE id = %(id)s"""
TASKS: Final = """
SELECT id FROM task WHERE patient_id = %s
  AND status NOT IN ('completed', 'cancelled', 'entered-in-error') ORDER BY id FOR UPDATE"""
CLOSE: Final = """
UPDATE task SET status = 'cancelled', closed_at = %s, closed_by = 'watchdog',
    closed_reason = 'a test of the whole way; nobody has to do anything' WHERE id = %s"""
STATE: Final = """
SELECT o.id AS organisation_id, o.name, w.hub_id, w.every, w.made_at,
    (SELECT max(over_at) FROM watchdog_run r
     WHERE r.organisation_id = o.id AND r.state = 'proved') AS proved_at,
    l.id AS run_id, l.state, l.error, l.begun_at, l.over_at, l.published_at,
    l.stored_at, l.evaluated_at, l.task_at, l.notified_at
FROM watchdog w JOIN organisation o ON o.id = w.organisation_id
LEFT JOIN LATERAL (SELECT * FROM watchdog_run r WHERE r.organisation_id = o.id
    ORDER BY begun_at DESC LIMIT 1) AS l ON true
WHERE %(org)s::uuid IS NULL OR o.id = %(org)s ORDER BY o.name, o.id"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A run that is due: whose it is, and the last sequence number that it may use."""

    organisation: UUID
    hub: UUID
    device: UUID
    seq: int


def add(
    connection: Connection,
    organisation: UUID,
    home: tuple[UUID, UUID, UUID],
    every: timedelta,
    now: datetime,
) -> None:
    """Keep a synthetic home: hub, patient, device; the first run is due at once."""
    hub, patient, device = home
    for statement in SYNTHETIC:
        connection.execute(statement, {"hub": hub, "patient": patient})
    connection.execute(ADD, [organisation, hub, patient, device, every, now, now])


def find(connection: Connection, organisation: UUID) -> UUID | None:
    """Return the synthetic hub of an organisation."""
    row = connection.execute(FIND, [organisation]).fetchone()
    return row["hub_id"] if row else None


def set_every(connection: Connection, organisation: UUID, every: timedelta, now: datetime) -> None:
    """Run so often from now on."""
    connection.execute(EVERY, {"every": every, "org": organisation, "now": now})


def take(
    connection: Connection, organisations: Sequence[UUID], count: int, now: datetime
) -> Taken | None:
    """Take the next run of these that is due, with so many sequence numbers."""
    told = {"count": count, "now": now, "orgs": list(organisations)}
    row = connection.execute(TAKE, told).fetchone()
    return Taken(*row.values()) if row else None


def follow(connection: Connection) -> list[dict[str, Any]]:
    """Lock the runs that are under way, and say how far each has come."""
    return connection.execute(FOLLOW).fetchall()


def close_tasks(connection: Connection, patient: UUID, now: datetime) -> None:
    """End the tasks of a synthetic patient: nobody has to see them."""
    for row in connection.execute(TASKS, [patient]).fetchall():
        connection.execute(CLOSE, [now, row["id"]])


def states(connection: Connection, organisation: UUID | None = None) -> list[Mapping[str, Any]]:
    """Return for every watchdog its last proof, and how far its last run has come."""
    return list(connection.execute(STATE, {"org": organisation}))
