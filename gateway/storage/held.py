"""Held envelopes as people are asked about them: of which hub and device, when, why; no value."""

from datetime import datetime
from typing import Final
from uuid import UUID

from device_profiles.reading import Frozen
from gateway.errors import NotFound
from gateway.storage.database import Connection

# What a person can decide; the rest is for whoever runs the site.
FOR_PEOPLE: Final = ("implausible_jump", "unassigned", "not_paired")
COLUMNS: Final = """
SELECT q.id, q.reason, q.received_at, q.measured_at, q.user_slot, q.again_at, q.again_by,
    q.hub_id, h.name AS hub, h.timezone, q.device_id, d.profile, d.id IS NOT NULL AS known_device,
    w.id AS patient_id, w.name AS patient, coalesce(w.restricted, false) AS restricted,
    t.sentence AS question, o.task_id,
    coalesce(o.reading_id IS NOT NULL, false) AS asked
FROM quarantine q
LEFT JOIN hub h ON h.id = q.hub_id
LEFT JOIN device d ON d.id = q.device_id
LEFT JOIN LATERAL (SELECT b.patient_id, b.task_id, b.reading_id FROM doubt b
    WHERE (b.hub_id, b.epoch, b.seq) = (q.hub_id, q.epoch, q.seq) AND b.state = 'asked'
    ORDER BY b.reading_id LIMIT 1) o ON true
LEFT JOIN patient w ON w.id = coalesce(o.patient_id, h.patient_id, (
    SELECT a.patient_id FROM pairing g JOIN assignment a ON a.device_id = g.device_id
    WHERE g.hub_id = q.hub_id AND upper_inf(g.valid) AND upper_inf(a.valid)
    ORDER BY g.id, a.user_slot NULLS FIRST LIMIT 1))
LEFT JOIN task t ON t.id = o.task_id"""
WAITING: Final = """
WHERE q.state = 'held' AND q.reason = ANY(%(reasons)s) AND NOT coalesce(h.synthetic, false)
  AND (%(after)s::uuid IS NULL OR (q.received_at, q.id) >
    (SELECT l.received_at, l.id FROM quarantine l WHERE l.id = %(after)s))
ORDER BY q.received_at, q.id LIMIT %(limit)s"""
OTHERS: Final = """
SELECT q.reason, count(*) AS count, min(q.received_at) AS since FROM quarantine q
LEFT JOIN hub h ON h.id = q.hub_id
WHERE q.state = 'held' AND q.reason <> ALL(%s) AND NOT coalesce(h.synthetic, false)
GROUP BY q.reason ORDER BY count(*) DESC, q.reason"""
# Of one device and slot all wait for the same answer.
SAME: Final = """
SELECT q.id, q.measured_at FROM quarantine q, quarantine one
WHERE one.id = %(held)s AND q.state = 'held' AND q.reason = ANY(%(reasons)s)
  AND q.device_id = one.device_id AND q.user_slot IS NOT DISTINCT FROM one.user_slot
ORDER BY q.measured_at, q.id FOR UPDATE OF q"""
ASK_AGAIN: Final = """
UPDATE quarantine SET again_at = %(now)s, again_by = %(by)s
WHERE id = ANY(%(ids)s) AND state = 'held' RETURNING id"""
ELSEWHERE: Final = """
SELECT FROM pairing WHERE device_id = %s AND hub_id <> %s AND upper_inf(valid)"""
REFUSE: Final = """
UPDATE quarantine SET state = 'refused', released_at = %(now)s
WHERE id = %(id)s AND state = 'held' RETURNING id"""


class HeldRow(Frozen):
    """One envelope that waits for a word; `patient` is whose home it came from."""

    id: UUID
    reason: str
    received_at: datetime
    measured_at: datetime | None
    user_slot: int | None
    again_at: datetime | None
    again_by: str | None
    hub_id: UUID | None
    hub: str | None
    timezone: str | None
    device_id: UUID | None
    profile: str | None
    known_device: bool
    patient_id: UUID | None = None
    patient: str | None
    """Who is asked about; else whose home it is: where that is closed, so is what it holds."""
    restricted: bool
    question: str | None
    """Of a task, with values: for those who may read them."""
    task_id: UUID | None
    asked: bool
    """Somebody is asked whose it is: confirm or refuse."""


class Others(Frozen):
    """How many are held for a reason that no person at the clinic can decide."""

    reason: str
    count: int
    since: datetime


def waiting(
    connection: Connection, *, after: UUID | None = None, limit: int = 50
) -> tuple[HeldRow, ...]:
    """Return what waits for a person, the oldest first."""
    told = {"reasons": list(FOR_PEOPLE), "after": after, "limit": limit}
    return tuple(HeldRow(**row) for row in connection.execute(COLUMNS + WAITING, told))


def find_held(connection: Connection, id_: UUID) -> HeldRow:
    """Return one. Raises NotFound."""
    query = COLUMNS + "\nWHERE q.id = %s AND q.state = 'held'"
    row = connection.execute(query, [id_]).fetchone()
    if row is None:
        raise NotFound("This is not held any more; somebody was quicker.")
    return HeldRow(**row)


def others(connection: Connection) -> tuple[Others, ...]:
    """Count what is held for other reasons."""
    return tuple(Others(**row) for row in connection.execute(OTHERS, [list(FOR_PEOPLE)]))


def like_this(connection: Connection, id_: UUID) -> list[tuple[UUID, datetime]]:
    """Lock and return what is held of the same device and slot, and when it was measured."""
    told = {"held": id_, "reasons": ["unassigned", "not_paired"]}
    rows = connection.execute(SAME, told).fetchall()
    return [(row["id"], row["measured_at"]) for row in rows if row["measured_at"] is not None]


def ask_again(connection: Connection, ids: list[UUID], by: str, now: datetime) -> int:
    """Ask ingest to try these again; return how many."""
    told = {"ids": ids, "by": by, "now": now}
    return len(connection.execute(ASK_AGAIN, told).fetchall())


def speaks_elsewhere(connection: Connection, device: UUID, hub: UUID) -> bool:
    """Say whether a device is paired with another hub now: it shall not be taken from that."""
    return connection.execute(ELSEWHERE, [device, hub]).fetchone() is not None


def refuse_held(connection: Connection, id_: UUID, now: datetime) -> None:
    """Say that it is nobody's here: it stays sealed. Raises NotFound."""
    if connection.execute(REFUSE, {"id": id_, "now": now}).fetchone() is None:
        raise NotFound("This is not held any more; somebody was quicker.")
