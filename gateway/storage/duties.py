"""Duties to evaluate: who has some, taking them for one patient, and what becomes of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from gateway.storage.database import Connection

# With the patient's hash: only one process evaluates a patient at a time ('HM').
LOCK_CLASS: Final = 0x484D

WAITING: Final = """
SELECT patient_id FROM duty WHERE retry_at IS NULL OR retry_at <= %s
GROUP BY patient_id ORDER BY min(created_at) LIMIT %s"""

LOCK: Final = "SELECT pg_try_advisory_xact_lock(%s, hashtext(%s)) AS locked"

DUE: Final = """
SELECT reading_id FROM duty WHERE patient_id = %s AND (retry_at IS NULL OR retry_at <= %s)
ORDER BY measured_at, reading_id LIMIT %s"""

TAKE: Final = """
SELECT d.reading_id, d.measured_at, d.organisation_id, p.timezone, o.units,
       d.retry_at IS NULL OR d.retry_at <= %(now)s AS due,
       d.attempts > 0 OR e.reading_id IS NULL AS unknown
FROM duty d JOIN patient p ON p.id = d.patient_id
JOIN organisation o ON o.id = d.organisation_id
LEFT JOIN evaluation e ON e.reading_id = d.reading_id
WHERE d.patient_id = %(patient)s ORDER BY d.measured_at FOR UPDATE OF d SKIP LOCKED"""

EVALUATED: Final = """
INSERT INTO evaluation AS e (reading_id, organisation_id, patient_id, measured_at, evaluated_at,
    rules, findings, late)
SELECT reading_id, organisation_id, patient_id, measured_at, %(now)s,
    coalesce((%(rules)s::jsonb ->> reading_id::text)::int, 0),
    coalesce((%(findings)s::jsonb ->> reading_id::text)::int, 0),
    coalesce((%(late)s::jsonb ->> reading_id::text)::int, 0)
FROM duty WHERE reading_id = ANY(%(readings)s)
ON CONFLICT (reading_id) DO UPDATE SET evaluated_at = excluded.evaluated_at,
    rules = excluded.rules, findings = excluded.findings, late = excluded.late,
    times = e.times + 1"""

DONE: Final = "DELETE FROM duty WHERE reading_id = ANY(%s)"

# Twice as long after each failure, ten minutes at most; a duty is never given up.
FAILED: Final = """
UPDATE duty SET attempts = attempts + 1, error = %(error)s,
    retry_at = %(now)s
        + least(interval '5 seconds' * 2 ^ least(attempts, 10), interval '10 minutes')
WHERE reading_id = %(reading)s"""


@dataclass(frozen=True, slots=True)
class Duties:
    """What one patient's readings ask for, held by this transaction.

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


@dataclass(frozen=True, slots=True)
class Counts:
    """Per reading: how many rules saw it, held for it, and held too late to ask for work."""

    rules: Mapping[UUID, int]
    findings: Mapping[UUID, int]
    late: Mapping[UUID, int]


def waiting(connection: Connection, now: datetime, limit: int) -> list[UUID]:
    """Return patients that have duties to evaluate now, the longest waiting first."""
    return [row["patient_id"] for row in connection.execute(WAITING, [now, limit])]


def due(connection: Connection, patient: UUID, now: datetime, limit: int) -> list[UUID]:
    """Return a patient's readings to evaluate now, in order of measurement."""
    return [row["reading_id"] for row in connection.execute(DUE, [patient, now, limit])]


def lock_patient(connection: Connection, patient: UUID) -> bool:
    """Take a patient until the transaction ends; False where another process has it."""
    locked = connection.execute(LOCK, [LOCK_CLASS, str(patient)]).fetchone()
    return bool(locked and locked["locked"])


def take(
    connection: Connection, patient: UUID, now: datetime, only: UUID | None = None
) -> Duties | None:
    """Lock a patient and its duties until the transaction ends; None if there is nothing to do.

    `only` takes a single one of them.
    """
    if not lock_patient(connection, patient):
        return None
    rows = connection.execute(TAKE, {"patient": patient, "now": now}).fetchall()
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
    )


def done(connection: Connection, duties: Duties, counts: Counts, now: datetime) -> None:
    """Record the evaluation of each reading and let the duties go."""
    readings = list(duties.readings)
    found = {
        "rules": _by_text(counts.rules),
        "findings": _by_text(counts.findings),
        "late": _by_text(counts.late),
    }
    connection.execute(EVALUATED, {"readings": readings, "now": now, **found})
    connection.execute(DONE, [readings])


def _by_text(counts: Mapping[UUID, int]) -> Jsonb:
    return Jsonb({str(reading): count for reading, count in counts.items()})


def failed(connection: Connection, reading: UUID, error: str, now: datetime) -> None:
    """Keep the duty, say what went wrong (no health value), and try again later."""
    connection.execute(FAILED, {"reading": reading, "error": error, "now": now})
