"""Readings in doubt, as rows: what was measured before them, and what a person said of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from alerting.rules.jump import Measured
from gateway.storage.database import Connection

# For all readings of a batch at once. `known`: it is stored, so that it was accepted before.
BEFORE: Final = """
SELECT r.n, i.reading_id IS NOT NULL AS known, d.state, b.measured_at, b.number, b.unit
FROM jsonb_to_recordset(%s) AS r(n int, reading_id uuid, patient_id uuid, name text,
    measured_at timestamptz, since timestamptz)
LEFT JOIN identity i ON i.reading_id = r.reading_id
LEFT JOIN LATERAL (
    SELECT state FROM doubt WHERE reading_id = r.reading_id
    ORDER BY decided_at DESC NULLS LAST LIMIT 1) AS d ON true
LEFT JOIN LATERAL (
    SELECT v.measured_at, v.number, v.unit FROM reading_value v
    WHERE v.patient_id = r.patient_id AND v.name = r.name AND v.measured_at < r.measured_at
      AND v.measured_at >= r.since AND v.validity = 'valid' AND v.number IS NOT NULL
    ORDER BY v.measured_at DESC LIMIT 1) AS b ON true"""

INSERT: Final = """
INSERT INTO doubt (hub_id, epoch, seq, reading_id, organisation_id, patient_id, rule_key,
    rule_version, state, asked_at, decided_at, decided_by)
SELECT %(hub)s, %(epoch)s, %(seq)s, %(reading)s, %(organisation)s, %(patient)s, %(rule)s,
    %(version)s, coalesce(o.state, 'asked'), %(now)s, o.decided_at, o.decided_by
FROM (SELECT) AS one LEFT JOIN LATERAL (
    SELECT state, decided_at, decided_by FROM doubt
    WHERE reading_id = %(reading)s AND state = 'refused' LIMIT 1) AS o ON true
ON CONFLICT DO NOTHING RETURNING state"""

TASK: Final = (
    "UPDATE doubt SET task_id = %s WHERE (hub_id, epoch, seq, reading_id) = (%s, %s, %s, %s)"
)

REFUSED: Final = """
UPDATE quarantine SET state = 'refused', released_at = %(now)s
WHERE (hub_id, epoch, seq) = (%(hub)s, %(epoch)s, %(seq)s) AND state = 'held'"""

DECIDE: Final = """
UPDATE doubt SET state = %(state)s, decided_at = %(now)s, decided_by = %(by)s
WHERE state = 'asked' AND reading_id IN (
    SELECT d.reading_id FROM doubt d JOIN quarantine q
        ON (q.hub_id, q.epoch, q.seq) = (d.hub_id, d.epoch, d.seq) WHERE q.id = %(held)s)
RETURNING organisation_id, task_id"""

REFUSE: Final = """
UPDATE quarantine q SET state = 'refused', released_at = %(now)s FROM doubt d
WHERE (q.hub_id, q.epoch, q.seq) = (d.hub_id, d.epoch, d.seq) AND q.state = 'held'
  AND d.state = 'refused' AND d.reading_id IN (
    SELECT e.reading_id FROM doubt e JOIN quarantine h
        ON (h.hub_id, h.epoch, h.seq) = (e.hub_id, e.epoch, e.seq) WHERE h.id = %(held)s)"""

STILL_ASKED: Final = "SELECT FROM doubt WHERE task_id = %s AND state = 'asked'"

UNDECIDED: Final = """
SELECT q.id FROM doubt d JOIN quarantine q
    ON (q.hub_id, q.epoch, q.seq) = (d.hub_id, d.epoch, d.seq)
WHERE d.task_id = %s AND d.state = 'asked' AND q.state = 'held' ORDER BY q.id"""


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of a reading before it is stored: whether it was accepted, and the last one."""

    accepted: bool
    last: Measured | None


def before(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[Before]:
    """Return what was before each of these, in their order: one query for all."""
    found = {row["n"]: row for row in connection.execute(BEFORE, [Jsonb(list(rows))])}
    return [_before(found[n]) for n in range(len(rows))]


def _before(row: Mapping[str, Any]) -> Before:
    last = None
    if row["number"] is not None:
        last = Measured(row["number"], row["unit"], row["measured_at"])
    return Before(row["known"] or row["state"] == "confirmed", last)


def decide(
    connection: Connection, held: UUID, state: str, by: str, now: datetime
) -> list[Mapping[str, Any]]:
    """Write down what a person says of a held envelope's readings; return whose tasks asked."""
    told = {"held": held, "state": state, "by": by, "now": now}
    found = connection.execute(DECIDE, told).fetchall()
    if state == "refused":
        connection.execute(REFUSE, told)
    return list(found)


def still_asked(connection: Connection, task: UUID) -> bool:
    """Tell whether a task asks about another reading too."""
    return connection.execute(STILL_ASKED, [task]).fetchone() is not None


def undecided(connection: Connection, task: UUID) -> list[UUID]:
    """Return what is held that a task asks about and nobody has decided."""
    return [row["id"] for row in connection.execute(UNDECIDED, [task])]
