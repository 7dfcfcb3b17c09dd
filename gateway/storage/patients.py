"""Patients as screens and programs list and find them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from alerting.model import Severity
from device_profiles.reading import Frozen
from gateway.errors import NotFound
from gateway.storage.closed import CLOSED
from gateway.storage.database import Connection

COLUMNS: Final = f"""
SELECT p.id, p.name, p.timezone, p.language, p.external_id, p.care_team_id, c.name AS care_team,
    p.restricted, {CLOSED} AS hidden, p.version, p.created_at, w.open_tasks, w.worst,
    coalesce((SELECT r.measured_at FROM reading r
     WHERE r.organisation_id = p.organisation_id AND r.patient_id = p.id
       AND r.measured_at > %(now)s::timestamptz - interval '31 days'
     ORDER BY r.measured_at DESC LIMIT 1),
     -- What is older was evaluated long ago; of readings there are as many tables as months.
     (SELECT max(e.measured_at) FROM evaluation e WHERE e.patient_id = p.id)) AS last_reading_at,
    ARRAY(SELECT g.key FROM programme_member m JOIN programme g ON g.id = m.programme_id
        WHERE m.patient_id = p.id AND m.since <= %(now)s
          AND (m.until IS NULL OR m.until > %(now)s) ORDER BY g.key) AS programmes
FROM patient p LEFT JOIN care_team c ON c.id = p.care_team_id
LEFT JOIN LATERAL (SELECT count(*) AS open_tasks, min(t.priority) AS worst FROM task t
    WHERE t.patient_id = p.id
      AND t.status NOT IN ('completed', 'cancelled', 'entered-in-error')) w ON true"""  # noqa: S608 - constants only

# The cursor is an id: a name has no place in an address.
AFTER: Final = """
(lower(p.name), p.id) > (SELECT lower(l.name), l.id FROM patient l WHERE l.id = %(after)s)"""

MEMBERS: Final = """
EXISTS (SELECT FROM programme_member m JOIN programme g ON g.id = m.programme_id
    WHERE m.patient_id = p.id AND g.key = %(programme)s AND m.since <= %(now)s
      AND (m.until IS NULL OR m.until > %(now)s))"""

DEVICES: Final = """
SELECT d.id, d.profile, a.user_slot, lower(a.valid) AS since, g.hub_id, h.name AS hub,
    h.state AS hub_state, s.received_at AS hub_heard_at, t.last_seen, t.battery_percent,
    t.clock_error_s, t.problem,
    (SELECT jsonb_agg(jsonb_build_object('cause', x.cause, 'what', x.what, 'since', x.since)
        ORDER BY x.since) FROM trouble x WHERE x.until IS NULL
        AND (x.device_id = d.id OR x.device_id IS NULL AND x.hub_id = g.hub_id
            OR x.hub_id IS NULL)) AS troubles
FROM assignment a JOIN device d ON d.id = a.device_id
LEFT JOIN pairing g ON g.device_id = d.id AND upper_inf(g.valid)
LEFT JOIN hub h ON h.id = g.hub_id
LEFT JOIN hub_status s ON s.hub_id = g.hub_id
LEFT JOIN LATERAL (SELECT * FROM jsonb_to_recordset(s.body -> 'devices') AS b(device uuid,
    last_seen timestamptz, battery_percent int, clock_error_s float, problem text)
    WHERE b.device = d.id) t ON true
WHERE a.patient_id = %s AND upper_inf(a.valid) ORDER BY d.profile, d.id"""


class PatientRow(Frozen):
    """A patient as a list shows them. Of one whose record is hidden: who it is, and no more."""

    id: UUID
    name: str
    timezone: str
    language: str
    external_id: str | None
    care_team_id: UUID | None
    care_team: str | None
    restricted: bool
    hidden: bool
    version: int
    created_at: datetime
    open_tasks: int
    worst: Severity | None
    """Of the open tasks."""
    last_reading_at: datetime | None
    programmes: tuple[str, ...]


class Trouble(Frozen):
    """What keeps readings from coming: the device's, the hub's or our own."""

    cause: str
    what: str
    since: datetime


class PatientDevice(Frozen):
    """A device of a patient, by which hub it speaks, and what that hub said of it last."""

    id: UUID
    profile: str
    user_slot: int | None
    since: datetime
    hub_id: UUID | None
    hub: str | None
    hub_state: str | None
    hub_heard_at: datetime | None
    last_seen: datetime | None
    battery_percent: int | None
    clock_error_s: float | None
    problem: str | None
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class Sought:
    """Which patients; what is empty asks for nothing."""

    named: str = ""
    programme: str = ""
    viewer: UUID | None = None
    """Who asks; nobody: a program of the site itself, which sees everything."""


def list_patients(
    connection: Connection,
    sought: Sought,
    now: datetime,
    *,
    after: UUID | None = None,
    limit: int = 50,
) -> tuple[PatientRow, ...]:
    """Return patients by name; `after` is the last one of the page before."""
    where = ["NOT p.synthetic"]
    if sought.named:
        where.append("lower(p.name) LIKE '%%' || %(named)s || '%%'")
    if sought.programme:
        where += [MEMBERS, f"NOT {CLOSED}"]
    if after is not None:
        where.append(AFTER)
    query = f"{COLUMNS} WHERE {' AND '.join(where)} ORDER BY lower(p.name), p.id LIMIT %(limit)s"
    given: Mapping[str, Any] = {
        "named": like(sought.named),
        "programme": sought.programme,
        "after": after,
        "viewer": sought.viewer,
        "now": now,
        "limit": limit,
    }
    return tuple(_row(row) for row in connection.execute(query, given))


def show_patient(
    connection: Connection, patient: UUID, now: datetime, viewer: UUID | None = None
) -> PatientRow:
    """Return one patient. Raises NotFound."""
    query = f"{COLUMNS} WHERE p.id = %(patient)s"
    given = {"patient": patient, "viewer": viewer, "now": now}
    row = connection.execute(query, given).fetchone()
    if row is None:
        raise NotFound("There is no such patient in this organisation.")
    return _row(row)


def _row(row: dict[str, Any]) -> PatientRow:
    if row["hidden"]:
        row = row | {"open_tasks": 0, "worst": None, "last_reading_at": None, "programmes": ()}
    return PatientRow(**row)


def devices_of(connection: Connection, patient: UUID) -> Sequence[PatientDevice]:
    """Return the devices that are a patient's now."""
    rows = connection.execute(DEVICES, [patient]).fetchall()
    return [PatientDevice(**row | {"troubles": row["troubles"] or ()}) for row in rows]


def like(text: str) -> str:
    """Return what is looked for in a lower-case column, without LIKE's own signs."""
    return text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
