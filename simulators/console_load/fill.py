"""A clinic's database, written as rows: thousands of open tasks, and one patient of three years.

Straight into the tables, since no fleet measures three years in a minute. What is written here says
the same as ingest and worker would write.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg

PATIENTS: Final = """
INSERT INTO patient (id, organisation_id, name, timezone)
SELECT gen_random_uuid(), %(organisation)s, 'Load Patient ' || n, 'Europe/Vienna'
FROM generate_series(1, %(patients)s) n"""

# Of each queue and priority some; every one of a rule of its own, since one is open once.
TASKS: Final = """
WITH who AS (
    SELECT id, row_number() OVER (ORDER BY id) AS n FROM patient
    WHERE organisation_id = %(organisation)s
)
INSERT INTO task (id, organisation_id, patient_id, rule_key, direction, queue, priority, status,
    title, sentence, readings, evidence, due_ack_at, due_at, created_at)
SELECT gen_random_uuid(), %(organisation)s, who.id, 'load_' || t, 'high',
    (ARRAY['clinical', 'clinical', 'clinical', 'adherence', 'technical'])[1 + t %% 5],
    (ARRAY['P1', 'P2', 'P2', 'P3', 'P3', 'P3', 'P3', 'P4'])[1 + t %% 8], 'requested',
    'Systolic pressure high', 'Systolic 17' || t %% 10 || ' mm[Hg] at 07:30 is above 160.', 1,
    '[]', now() + make_interval(mins => t %% 600), now() + make_interval(mins => 60 + t %% 6000),
    now() - make_interval(mins => t %% 3000)
FROM generate_series(1, %(tasks)s) t JOIN who ON who.n = 1 + t %% %(patients)s"""

# Who is on call was told long ago: the worker has nothing to do with these tasks.
TOLD: Final = """
UPDATE escalation SET next_action_at = NULL WHERE organisation_id = %(organisation)s"""

HUB: Final = """
INSERT INTO hub (id, organisation_id, name, timezone, suite, signing_key)
VALUES (%(hub)s, %(organisation)s, 'Load hub', 'Europe/Vienna', 2,
    decode(repeat('07', 32), 'hex'))"""
DEVICE: Final = """
INSERT INTO device (id, organisation_id, address, profile)
VALUES (%(device)s, %(organisation)s, 'C0:FF:EE:00:00:01', 'generic_cuff')"""
ROOM: Final = (
    "SELECT series_make_room(array_agg(m)) FROM generate_series(%s, %s, interval '10 days') m"
)

READINGS: Final = """
INSERT INTO reading (id, organisation_id, patient_id, device_id, hub_id, epoch, seq, kind,
    measured_at, basis, validity, flags, received_at, decoded_at, body)
SELECT md5(%(patient)s::text || n)::uuid, %(organisation)s, %(patient)s, %(device)s, %(hub)s, 1, n,
    'blood_pressure', at, 'device', 'valid', '{}', at, at, '{}'
FROM (SELECT n, %(since)s + n * interval '6 hours' AS at
    FROM generate_series(1, %(readings)s) n) s"""
VALUES: Final = """
INSERT INTO reading_value (reading_id, organisation_id, patient_id, measured_at, ordinal, name,
    mdc, number, unit, validity)
SELECT md5(%(patient)s::text || n)::uuid, %(organisation)s, %(patient)s,
    %(since)s + n * interval '6 hours', v.ordinal, v.name, v.mdc,
    round((v.usual + v.spread * sin(n / 60.0) + v.spread * random())::numeric, 0),
    v.unit, 'valid'
FROM generate_series(1, %(readings)s) n, (VALUES
    (0, 'systolic', 150021, 'mm[Hg]', 132, 9), (1, 'diastolic', 150022, 'mm[Hg]', 82, 5),
    (2, 'pulse', 149546, '/min', 71, 6)) AS v(ordinal, name, mdc, unit, usual, spread)"""


@dataclass(frozen=True, slots=True)
class Clinic:
    """How much there is."""

    organisation: UUID
    tasks: int
    patients: int
    years: int
    a_day: int = 4


def fill(url: str, clinic: Clinic, ids: tuple[UUID, UUID]) -> UUID:
    """Write it; return the patient of the long series. `ids` are of a hub and a device."""
    since = datetime.now(UTC) - timedelta(days=365 * clinic.years)
    told: dict[str, Any] = {
        "organisation": clinic.organisation,
        "tasks": clinic.tasks,
        "patients": clinic.patients,
        "hub": ids[0],
        "device": ids[1],
        "since": since,
        "readings": 365 * clinic.years * clinic.a_day,
    }
    with psycopg.connect(url) as connection:
        for statement in (PATIENTS, TASKS, TOLD, HUB, DEVICE):
            connection.execute(statement, told)
        row = connection.execute(
            "SELECT id FROM patient WHERE organisation_id = %s ORDER BY id LIMIT 1",
            [clinic.organisation],
        ).fetchone()
        told["patient"] = row[0] if row else None
        connection.execute(ROOM, [since, datetime.now(UTC) + timedelta(days=31)])
        connection.execute(READINGS, told)
        connection.execute(VALUES, told)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    return UUID(str(told["patient"]))
