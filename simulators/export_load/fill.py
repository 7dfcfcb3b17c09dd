"""A patient of years, written as rows, and a program that may read them."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg

from simulators.console_load.fill import DEVICE, HUB, ROOM

EVERY: Final = timedelta(minutes=20)
PATIENT: Final = """
INSERT INTO patient (id, organisation_id, name, timezone)
VALUES (%(patient)s, %(organisation)s, 'Load Patient', 'Europe/Vienna')"""
# As ingest writes them, with what the hub saw of the device's clock in one of ten connections.
READINGS: Final = """
INSERT INTO reading (id, organisation_id, patient_id, device_id, hub_id, epoch, seq, kind,
    measured_at, device_time, basis, validity, flags, received_at, decoded_at, stored_at, body)
SELECT md5(%(patient)s::text || n)::uuid, %(organisation)s, %(patient)s, %(device)s, %(hub)s, 1, n,
    'blood_pressure', at, to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS'), 'device_clock', 'valid', '{}',
    at, at, at, CASE WHEN n %% 10 > 0 THEN '{}' ELSE jsonb_build_object('arrival',
        jsonb_build_object('clock', jsonb_build_object('hub_time', at, 'device_time',
            jsonb_build_object('year', 2026, 'month', 1, 'day', 1, 'hour', 8, 'minute', 0,
                'second', 0)))) END
FROM (SELECT n, %(since)s + n * %(every)s AS at FROM generate_series(1, %(readings)s) n) s"""
VALUES: Final = """
INSERT INTO reading_value (reading_id, organisation_id, patient_id, measured_at, ordinal, name,
    mdc, number, unit, validity)
SELECT r.id, r.organisation_id, r.patient_id, r.measured_at, v.ordinal, v.name, v.mdc,
    v.usual + r.seq %% 20, v.unit, 'valid'
FROM reading r, (VALUES (0, 'systolic', 150021, 'mm[Hg]', 122),
    (1, 'diastolic', 150022, 'mm[Hg]', 72), (2, 'pulse', 149546, '/min', 61))
    AS v(ordinal, name, mdc, unit, usual)
WHERE r.organisation_id = %(organisation)s"""
PROGRAM: Final = """
INSERT INTO program (id, organisation_id, name, rights, created_at)
VALUES (%(program)s, %(organisation)s, 'Bench', '{readings:read,patients:read}', now())"""
KEY: Final = """
INSERT INTO program_secret (digest, program_id, kind, rights, created_at, ends_at)
VALUES (%(digest)s, %(program)s, 'key', '{readings:read,patients:read}', now(),
    now() + interval '1 day')"""


def fill(url: str, organisation: UUID, readings: int) -> str:
    """Write them; return the program's key."""
    key = f"hl_key_{token_urlsafe(32)}"
    told: dict[str, Any] = {name: uuid4() for name in ("patient", "hub", "device", "program")}
    told |= {"organisation": organisation, "readings": readings, "every": EVERY}
    told |= {"digest": sha256(key.encode()).digest(), "since": datetime.now(UTC) - readings * EVERY}
    with psycopg.connect(url) as connection:
        for statement in (PATIENT, HUB, DEVICE, PROGRAM, KEY):
            connection.execute(statement, told)
        connection.execute(ROOM, [told["since"], datetime.now(UTC) + timedelta(days=31)])
        connection.execute(READINGS, told)
        connection.execute(VALUES, told)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    return key
