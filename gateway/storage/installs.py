"""Homes that wait for a hub, and how far each installation has come. No row holds a value."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from device_profiles.reading import Frozen
from gateway.errors import NotFound
from gateway.storage.database import Connection
from gateway.storage.glass import VISIBLE

# They agreed, and no hub stands there: whose hub somebody has to bring.
WAITING: Final = f"""
SELECT p.id, p.name, p.address, p.phones, p.language, p.timezone, c.given_at
FROM patient p JOIN consent c ON c.patient_id = p.id AND c.withdrawn_at IS NULL
WHERE NOT p.synthetic AND {VISIBLE}
  AND NOT EXISTS (SELECT FROM hub h WHERE h.patient_id = p.id AND h.state <> 'revoked')
  AND NOT EXISTS (SELECT FROM assignment a WHERE a.patient_id = p.id AND upper_inf(a.valid))
ORDER BY c.given_at, p.id LIMIT %(limit)s"""  # noqa: S608 - constants only
COLUMNS: Final = """
SELECT h.id, h.name, h.timezone, h.state, h.suite, h.created_at, h.enrolled_at, h.confirmed_at,
    h.confirmed_by, h.replaces, h.patient_id, p.name AS patient, p.address, p.phones,
    k.issued_at AS invited_at, k.expires_at AS invitation_ends_at, k.used_at AS invitation_used_at,
    k.burnt_reason, s.received_at AS heard_at, s.body ->> 'version' AS version,
    (s.body ->> 'hub_clock_ok')::boolean AS clock_ok,
    (s.body ->> 'spool_waiting')::int AS spool_waiting,
    (SELECT count(*) FROM pairing g WHERE g.hub_id = h.id AND upper_inf(g.valid)) AS devices,
    (SELECT e.stored_at FROM envelope e WHERE e.organisation_id = h.organisation_id
        AND e.hub_id = h.id AND e.disposition = 'stored'
        AND e.received_at >= coalesce(h.confirmed_at, h.created_at)
        ORDER BY e.received_at DESC LIMIT 1) AS reading_at,
    (SELECT count(*) FROM quarantine q WHERE q.organisation_id = h.organisation_id
        AND q.hub_id = h.id AND q.state = 'held') AS held,
    (SELECT max(i.made_at) FROM installation_receipt i WHERE i.hub_id = h.id) AS receipt_at,
    (SELECT n.id FROM hub n WHERE n.replaces = h.id) AS replaced_by
FROM hub h LEFT JOIN hub_status s ON s.hub_id = h.id LEFT JOIN patient p ON p.id = h.patient_id
LEFT JOIN LATERAL (SELECT * FROM enrolment_token t WHERE t.hub_id = h.id
    ORDER BY t.issued_at DESC LIMIT 1) k ON true"""
GOING_ON: Final = f"""
WHERE NOT h.synthetic AND (p.id IS NULL OR {VISIBLE})
  AND (h.state IN ('invited', 'enrolled') OR h.state = 'active' AND h.created_at > %(since)s
    AND NOT EXISTS (SELECT FROM installation_receipt i WHERE i.hub_id = h.id))
ORDER BY h.created_at DESC, h.id LIMIT %(limit)s"""
DEVICES: Final = f"""
SELECT d.id, d.profile, lower(g.valid) AS since, t.last_seen, t.rssi_dbm, t.battery_percent,
    t.problem, (SELECT string_agg(DISTINCT CASE WHEN {VISIBLE} THEN p.name ELSE '***' END, ', ')
        FROM assignment a
        JOIN patient p ON p.id = a.patient_id
        WHERE a.device_id = d.id AND upper_inf(a.valid)) AS users
FROM pairing g JOIN device d ON d.id = g.device_id
LEFT JOIN hub_status s ON s.hub_id = g.hub_id
LEFT JOIN LATERAL (SELECT * FROM jsonb_to_recordset(s.body -> 'devices') AS b(device uuid,
    last_seen timestamptz, rssi_dbm int, battery_percent int, problem text)
    WHERE b.device = d.id) t ON true
WHERE g.hub_id = %(hub)s AND upper_inf(g.valid) ORDER BY lower(g.valid), d.id"""  # noqa: S608
LOCK_PATIENT: Final = "SELECT FROM patient WHERE id = %s FOR UPDATE"
BEGUN: Final = """
SELECT id FROM hub WHERE patient_id = %s AND state IN ('invited', 'enrolled')
ORDER BY created_at DESC, id LIMIT 1"""
OF_PATIENT: Final = "UPDATE hub SET patient_id = %s WHERE id = %s"
# Who may use a device here: who lives there, and who waits for a hub.
HOME: Final = f"""
SELECT DISTINCT p.id, p.name, p.id = h.patient_id AS here FROM hub h
JOIN patient p ON p.organisation_id = h.organisation_id AND NOT p.synthetic AND (p.id = h.patient_id
    OR EXISTS (SELECT FROM pairing g JOIN assignment a ON a.device_id = g.device_id
        WHERE g.hub_id = h.id AND a.patient_id = p.id AND upper_inf(a.valid)))
WHERE h.id = %(hub)s AND {VISIBLE} ORDER BY here DESC NULLS LAST, p.name LIMIT 50"""  # noqa: S608


class Waiting(Frozen):
    """A patient in whose home a hub is to be installed."""

    id: UUID
    name: str
    address: str
    phones: tuple[str, ...]
    language: str
    timezone: str
    given_at: datetime


class Install(Frozen):
    """A hub on its way in, or in its home."""

    id: UUID
    name: str
    timezone: str
    state: str
    suite: int
    created_at: datetime
    enrolled_at: datetime | None
    confirmed_at: datetime | None
    confirmed_by: str | None
    replaces: UUID | None
    replaced_by: UUID | None
    patient_id: UUID | None
    patient: str | None
    address: str | None
    phones: tuple[str, ...] | None
    invited_at: datetime | None
    invitation_ends_at: datetime | None
    invitation_used_at: datetime | None
    burnt_reason: str | None
    heard_at: datetime | None
    version: str | None
    clock_ok: bool | None
    spool_waiting: int | None
    devices: int
    reading_at: datetime | None
    """When the newest reading since its confirmation was stored."""
    held: int
    receipt_at: datetime | None


class InstalledDevice(Frozen):
    """A device that speaks through a hub."""

    id: UUID
    profile: str
    since: datetime
    last_seen: datetime | None
    rssi_dbm: int | None
    battery_percent: int | None
    problem: str | None
    users: str | None


def waiting_homes(
    connection: Connection, viewer: UUID, now: datetime, limit: int = 100
) -> tuple[Waiting, ...]:
    """Return who waits for a hub, who agreed first first."""
    told = {"person": viewer, "now": now, "limit": limit}
    return tuple(Waiting(**row) for row in connection.execute(WAITING, told))


def going_on(
    connection: Connection, since: datetime, viewer: UUID, now: datetime, limit: int = 100
) -> tuple[Install, ...]:
    """Return installations that have no receipt yet."""
    told = {"since": since, "person": viewer, "now": now, "limit": limit}
    rows = connection.execute(COLUMNS + GOING_ON, told)
    return tuple(Install(**row) for row in rows)


def find_install(connection: Connection, hub: UUID) -> Install:
    """Return how far a hub has come. Raises NotFound."""
    query = COLUMNS + "\nWHERE h.id = %s AND NOT h.synthetic"
    row = connection.execute(query, [hub]).fetchone()
    if row is None:
        raise NotFound("There is no such hub in this organisation.")
    return Install(**row)


def devices_of_hub(
    connection: Connection, hub: UUID, viewer: UUID, now: datetime
) -> tuple[InstalledDevice, ...]:
    """Return the devices of a hub, in the order of their pairing; nobody closed to who looks."""
    told = {"hub": hub, "person": viewer, "now": now}
    return tuple(InstalledDevice(**row) for row in connection.execute(DEVICES, told))


def begun_for(connection: Connection, patient: UUID) -> UUID | None:
    """Return a hub that waits for its box in a patient's home; who asks twice is answered one by
    one, so that a button that was pressed twice makes one hub."""
    connection.execute(LOCK_PATIENT, [patient])
    row = connection.execute(BEGUN, [patient]).fetchone()
    return row["id"] if row else None


def stands_with(connection: Connection, hub: UUID, patient: UUID | None) -> None:
    """Write down in whose home a hub stands."""
    connection.execute(OF_PATIENT, [patient, hub])


def at_home(connection: Connection, hub: UUID, viewer: UUID, now: datetime) -> Mapping[UUID, str]:
    """Return whose a device at this hub may be, whose home it is first."""
    told: dict[str, Any] = {"hub": hub, "person": viewer, "now": now}
    return {row["id"]: row["name"] for row in connection.execute(HOME, told)}
