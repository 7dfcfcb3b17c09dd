"""Readings as screens and programs see them: one by one, as series of points, by day or week."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

from device_profiles.reading import Frozen
from gateway.errors import NotFound
from gateway.storage.database import Connection

By = Literal["day", "week", "month"]

_READING: Final = """
SELECT r.id, r.patient_id, r.device_id, d.profile, r.hub_id, r.kind, r.measured_at, r.device_time,
    r.basis, r.validity, r.flags, r.received_at, r.stored_at,
    (SELECT jsonb_agg(jsonb_build_object('name', v.name, 'mdc', v.mdc, 'number', v.number::text,
        'unit', v.unit, 'absent', v.absent) ORDER BY v.ordinal) FROM reading_value v
     WHERE v.reading_id = r.id AND v.measured_at = r.measured_at) AS values"""

LIST: Final = f"""{_READING}
FROM reading r JOIN device d ON d.id = r.device_id
WHERE r.organisation_id = %(organisation)s AND r.patient_id = %(patient)s
  AND r.measured_at >= %(since)s AND r.measured_at < %(until)s
  AND (%(kind)s::text IS NULL OR r.kind = %(kind)s)
  AND (%(at)s::timestamptz IS NULL OR (r.measured_at, r.id) < (%(at)s, %(id)s::uuid))
ORDER BY r.measured_at DESC, r.id DESC LIMIT %(limit)s"""

SHOW: Final = f"""{_READING}, r.body, r.decoded_at, r.epoch, r.seq
FROM identity i JOIN reading r ON r.id = i.reading_id AND r.measured_at = i.measured_at
JOIN device d ON d.id = r.device_id WHERE i.reading_id = %s"""

POINTS: Final = """
SELECT v.name, v.unit, v.measured_at, v.number, v.absent, v.validity, v.reading_id
FROM reading_value v
WHERE v.patient_id = %(patient)s AND v.name = ANY(%(names)s)
  AND v.measured_at >= %(since)s AND v.measured_at < %(until)s
ORDER BY v.name, v.measured_at, v.reading_id"""

# Days and weeks are the patient's own: PostgreSQL's date_trunc knows zones, on every kind of table.
BUCKETS: Final = """
SELECT v.name, v.unit, date_trunc(%(by)s, v.measured_at, %(zone)s) AS since, count(*) AS readings,
    min(v.number) AS lowest, max(v.number) AS highest, round(avg(v.number), 2) AS mean,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY v.number) AS median
FROM reading_value v
WHERE v.patient_id = %(patient)s AND v.name = ANY(%(names)s)
  AND v.measured_at >= %(since)s AND v.measured_at < %(until)s
  AND v.validity = 'valid' AND v.number IS NOT NULL
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""

NAMES: Final = """
SELECT DISTINCT v.name FROM reading_value v
WHERE v.patient_id = %(patient)s AND v.measured_at >= %(since)s AND v.measured_at < %(until)s"""


class ReadingValue(Frozen):
    """One number of a reading, or why there is none."""

    name: str
    mdc: int
    number: Decimal | None
    unit: str
    absent: str | None


class ReadingRow(Frozen):
    """A reading. `measured_at` is corrected, by `basis`; `device_time` is what the device said."""

    id: UUID
    patient_id: UUID
    device_id: UUID
    profile: str
    hub_id: UUID
    kind: str
    measured_at: datetime
    device_time: str | None
    basis: str
    validity: str
    flags: tuple[str, ...]
    received_at: datetime
    stored_at: datetime
    values: tuple[ReadingValue, ...]


class ReadingDetail(ReadingRow):
    """A reading with what the device told, octet by octet, and its place in the hub's sequence."""

    body: dict[str, Any]
    decoded_at: datetime | None
    epoch: int
    seq: int


class Point(Frozen):
    """One value at one moment."""

    name: str
    unit: str
    measured_at: datetime
    number: Decimal | None
    absent: str | None
    validity: str
    reading_id: UUID


class Bucket(Frozen):
    """Valid values of a day, week or month of the patient's, from `since` on."""

    name: str
    unit: str
    since: datetime
    readings: int
    lowest: Decimal
    highest: Decimal
    mean: Decimal
    median: Decimal


class Whose(Frozen):
    """A patient in an organisation, and the time that is asked for; `until` is not in it."""

    organisation: UUID
    patient: UUID
    since: datetime
    until: datetime


def list_readings(
    connection: Connection,
    whose: Whose,
    *,
    kind: str | None = None,
    after: Sequence[str] | None = None,
    limit: int = 50,
) -> tuple[ReadingRow, ...]:
    """Return readings, the newest first; `after` is time and id of the last of the page before."""
    at, id_ = after or (None, None)
    asked = {**dict(whose), "kind": kind, "at": at, "id": id_, "limit": limit}
    return tuple(ReadingRow(**_whole(row)) for row in connection.execute(LIST, asked))


def show_reading(connection: Connection, reading: UUID) -> ReadingDetail:
    """Return one reading. Raises NotFound."""
    row = connection.execute(SHOW, [reading]).fetchone()
    if row is None:
        raise NotFound("There is no such reading in this organisation.")
    return ReadingDetail(**_whole(row))


def points(connection: Connection, whose: Whose, names: Sequence[str]) -> tuple[Point, ...]:
    """Return every value of these names, by name and time."""
    asked = {**dict(whose), "names": list(names)}
    return tuple(Point(**row) for row in connection.execute(POINTS, asked))


def buckets(
    connection: Connection, whose: Whose, names: Sequence[str], by: By, zone: str
) -> tuple[Bucket, ...]:
    """Return valid values by the patient's days, weeks (from Monday) or months."""
    asked = {**dict(whose), "names": list(names), "by": by, "zone": zone}
    return tuple(Bucket(**row) for row in connection.execute(BUCKETS, asked))


def names_of(connection: Connection, whose: Whose) -> tuple[str, ...]:
    """Return what was measured of a patient in that time."""
    return tuple(sorted(row["name"] for row in connection.execute(NAMES, dict(whose))))


def _whole(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"values": row["values"] or ()}
