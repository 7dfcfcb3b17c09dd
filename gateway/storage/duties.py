"""Duties to evaluate: who has some, taking those of patients, and what becomes of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.storage.database import Connection

# With the patient's hash: only one process evaluates a patient at a time ('HM').
LOCK_CLASS: Final = 0x484D

# The longest waiting first.
WAITING: Final = """
SELECT patient_id, count(*) AS readings FROM duty WHERE retry_at IS NULL OR retry_at <= %s
GROUP BY patient_id ORDER BY min(created_at), patient_id LIMIT %s"""

LOCK: Final = """
SELECT id FROM unnest(%s::uuid[]) AS id WHERE pg_try_advisory_xact_lock(%s, hashtext(id::text))"""

DUE: Final = """
SELECT reading_id FROM duty WHERE patient_id = %s AND (retry_at IS NULL OR retry_at <= %s)
ORDER BY measured_at, reading_id LIMIT %s"""

TAKE: Final = """
SELECT d.patient_id, d.reading_id, d.measured_at, d.organisation_id, p.timezone, o.units,
       d.retry_at IS NULL OR d.retry_at <= %(now)s AS due,
       d.attempts > 0 OR e.reading_id IS NULL AS unknown,
       ARRAY(SELECT v.name FROM reading_value v
             WHERE v.reading_id = d.reading_id AND v.measured_at = d.measured_at) AS names
FROM duty d JOIN patient p ON p.id = d.patient_id
JOIN organisation o ON o.id = d.organisation_id
LEFT JOIN evaluation e ON e.reading_id = d.reading_id
WHERE d.patient_id = ANY(%(patients)s) ORDER BY d.measured_at FOR UPDATE OF d SKIP LOCKED"""

DONE: Final = """
WITH done AS (
    DELETE FROM duty d USING unnest(%(readings)s::uuid[], %(rules)s::int[], %(findings)s::int[],
        %(late)s::int[]) AS c(reading_id, rules, findings, late)
    WHERE d.reading_id = c.reading_id
    RETURNING d.reading_id, d.organisation_id, d.patient_id, d.measured_at, c.rules, c.findings,
        c.late
)
INSERT INTO evaluation AS e (reading_id, organisation_id, patient_id, measured_at, evaluated_at,
    rules, findings, late)
SELECT reading_id, organisation_id, patient_id, measured_at, %(now)s, rules, findings, late
FROM done
ON CONFLICT (reading_id) DO UPDATE SET evaluated_at = excluded.evaluated_at,
    rules = excluded.rules, findings = excluded.findings, late = excluded.late,
    times = e.times + 1"""

# Twice as long after each failure, ten minutes at most; a duty is never given up.
FAILED: Final = """
UPDATE duty SET attempts = attempts + 1, error = %(error)s,
    retry_at = %(now)s
        + least(interval '5 seconds' * 2 ^ least(attempts, 10), interval '10 minutes')
WHERE reading_id = %(reading)s"""


@dataclass(frozen=True, slots=True)
class Waits:
    """A patient with so many readings to evaluate."""

    patient: UUID
    readings: int = 1


@dataclass(frozen=True, slots=True)
class Duties:
    """What one patient's readings ask for, held by this transaction; `names` of their values.

    `aside` are readings that are not taken now and that nobody has evaluated, or that failed:
    for this evaluation they have not arrived.
    """

    patient: UUID
    organisation: UUID
    zone: ZoneInfo
    units: Mapping[str, str]
    readings: frozenset[UUID]
    aside: frozenset[UUID]
    earliest: datetime
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Count:
    """Of a reading: how many rules saw it, held for it, and held too late to ask for work."""

    reading: UUID
    rules: int
    findings: int
    late: int


def waiting(connection: Connection, now: datetime, limit: int) -> list[Waits]:
    """Return patients that have duties to evaluate now, the longest waiting first."""
    found = connection.execute(WAITING, [now, limit])
    return [Waits(row["patient_id"], row["readings"]) for row in found]


def lock_first(
    connection: Connection, queue: Sequence[Waits], patients: int, readings: int
) -> list[UUID]:
    """Take the first of a queue whom no other process has, until the transaction ends.

    At most so many; no more once those before have so many readings. Several workers share a
    backlog by it: each passes over whom the others have.
    """
    mine: list[Waits] = []
    rest = list(queue)
    while part := _part(rest, patients - len(mine), readings - sum(w.readings for w in mine)):
        locked = set(lock_patients(connection, [each.patient for each in part]))
        mine += [each for each in part if each.patient in locked]
        del rest[: len(part)]
    return [each.patient for each in mine]


def _part(queue: Sequence[Waits], patients: int, readings: int) -> Sequence[Waits]:
    """Return the beginning of a queue that has so many patients, or just so many readings."""
    before = accumulate((each.readings for each in queue), initial=0)
    return [
        each for each, so_far in zip(queue[:patients], before, strict=False) if so_far < readings
    ]


def due(connection: Connection, patient: UUID, now: datetime, limit: int) -> list[UUID]:
    """Return a patient's readings to evaluate now, in order of measurement."""
    return [row["reading_id"] for row in connection.execute(DUE, [patient, now, limit])]


def lock_patients(connection: Connection, patients: Sequence[UUID]) -> list[UUID]:
    """Take patients until the transaction ends; return those whom no other process has."""
    return [row["id"] for row in connection.execute(LOCK, [list(patients), LOCK_CLASS])]


def take(
    connection: Connection,
    patients: Sequence[UUID],
    now: datetime,
    only: UUID | None = None,
    *,
    locked: bool = False,
) -> list[Duties]:
    """Lock patients and their duties until the transaction ends; leave out who has none.

    `only` takes a single one of them. `locked` says that the caller has the patients.
    """
    # Two statements: the second sees what whoever had the patient before has committed.
    mine = patients if locked else lock_patients(connection, patients)
    found: dict[UUID, list[dict[str, Any]]] = {patient: [] for patient in mine}
    for row in connection.execute(TAKE, {"patients": list(mine), "now": now}):
        found[row["patient_id"]].append(row)
    duties = (_duties(patient, rows, only) for patient, rows in found.items())
    return [each for each in duties if each]


def _duties(patient: UUID, rows: list[dict[str, Any]], only: UUID | None) -> Duties | None:
    taken = [row for row in rows if (row["reading_id"] == only if only else row["due"])]
    if not taken:
        return None
    readings = frozenset(row["reading_id"] for row in taken)
    return Duties(
        patient=patient,
        organisation=taken[0]["organisation_id"],
        zone=ZoneInfo(taken[0]["timezone"]),
        units=taken[0]["units"],
        readings=readings,
        aside=frozenset(row["reading_id"] for row in rows if row["unknown"]) - readings,
        earliest=taken[0]["measured_at"],
        names=frozenset(name for row in taken for name in row["names"]),
    )


def done(connection: Connection, counts: Sequence[Count], now: datetime) -> None:
    """Record the evaluation of each reading and let the duties go."""
    asked = {
        "readings": [each.reading for each in counts],
        "rules": [each.rules for each in counts],
        "findings": [each.findings for each in counts],
        "late": [each.late for each in counts],
        "now": now,
    }
    connection.execute(DONE, asked)


def failed(connection: Connection, reading: UUID, error: str, now: datetime) -> None:
    """Keep the duty, say what went wrong (no health value), and try again later."""
    connection.execute(FAILED, {"reading": reading, "error": error, "now": now})
