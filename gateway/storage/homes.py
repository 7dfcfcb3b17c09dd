"""Organisations, patients, hubs, devices, and who belongs to what since when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from device_profiles.registry import PROFILES
from device_profiles.wire.hub_file import PairedDevice
from device_profiles.wire.keys import Suite
from gateway.errors import AlreadyAssigned, Conflict, NotFound, WrongInput
from gateway.storage.database import Connection

ADD_ORGANISATION: Final = "INSERT INTO organisation (id, name) VALUES (%s, %s)"
SET_UNITS: Final = "UPDATE organisation SET units = units || %s WHERE id = %s"
ADD_PATIENT: Final = """
INSERT INTO patient (id, organisation_id, name, timezone) VALUES (%s, %s, %s, %s)"""
ADD_HUB: Final = """
INSERT INTO hub (id, organisation_id, name, timezone, suite, signing_key)
VALUES (%s, %s, %s, %s, %s, %s)"""
HUBS: Final = """
SELECT h.id, h.organisation_id, h.name,
    CASE WHEN h.state = 'revoked' AND NOT EXISTS (
        SELECT FROM revocation_step r WHERE r.hub_id = h.id AND r.step = 'proved')
    THEN 'revoked, not proved' ELSE h.state END AS state,
    h.timezone, h.suite, s.received_at AS last_seen,
    (SELECT count(*) FROM pairing p WHERE p.hub_id = h.id AND upper_inf(p.valid)) AS devices
FROM hub h LEFT JOIN hub_status s ON s.hub_id = h.id
WHERE NOT h.synthetic ORDER BY h.name, h.id"""
TOLD: Final = """
SELECT s.received_at, s.body->>'version' AS version, (s.body->>'spool_waiting')::int AS waiting,
       (s.body->>'hub_clock_ok')::boolean AS clock_ok
FROM hub_status s WHERE s.hub_id = %s"""
TOLD_OF_DEVICES: Final = """
SELECT d.id AS device, d.profile, t.last_seen, t.battery_percent, t.clock_error_s, t.problem
FROM hub_status s,
     jsonb_to_recordset(s.body->'devices') AS t(device uuid, last_seen timestamptz,
         battery_percent int, clock_error_s float, problem text)
JOIN device d ON d.id = t.device
WHERE s.hub_id = %s ORDER BY d.profile, d.id"""
ADD_DEVICE: Final = """
INSERT INTO device (id, organisation_id, address, profile) VALUES (%s, %s, %s, %s)
ON CONFLICT (organisation_id, address) DO UPDATE SET profile = excluded.profile
RETURNING id"""
PAIR: Final = """
INSERT INTO pairing (organisation_id, hub_id, device_id, valid)
VALUES (%s, %s, %s, tstzrange(%s, NULL))"""
ASSIGN: Final = """
INSERT INTO assignment (organisation_id, device_id, user_slot, patient_id, valid)
VALUES (%s, %s, %s, %s, tstzrange(%s, NULL))"""
# A device speaks through one hub at a time: a new pairing ends that with another hub.
LEAVE: Final = """
UPDATE pairing SET valid = tstzrange(lower(valid), greatest(%(since)s, lower(valid)), '[]')
WHERE device_id = %(device)s AND hub_id <> %(hub)s AND upper_inf(valid)"""
PAIRING: Final = """
SELECT id FROM pairing WHERE device_id = %s AND hub_id = %s AND upper_inf(valid)"""
# A backlog may be older than the day on which somebody wrote the pairing down.
SINCE: Final = """
UPDATE pairing SET valid = tstzrange(least(%s, lower(valid)), NULL) WHERE id = %s"""
# The same patient as before: a device that comes to another hub stays theirs.
KEEP: Final = """
UPDATE assignment SET valid = tstzrange(least(%(since)s, lower(valid)), NULL)
WHERE device_id = %(device)s AND patient_id = %(patient)s AND upper_inf(valid)
  AND user_slot IS NOT DISTINCT FROM %(slot)s::smallint"""
PAIRED: Final = """
SELECT d.id, d.address, d.profile FROM pairing p JOIN device d ON d.id = p.device_id
WHERE p.hub_id = %s AND upper_inf(p.valid) ORDER BY d.address"""


@dataclass(frozen=True, slots=True)
class HubRow:
    """A hub as it is registered."""

    id: UUID
    organisation: UUID
    timezone: str
    suite: Suite


def add_organisation(connection: Connection, name: str) -> UUID:
    """Register an organisation; return its id."""
    id_ = uuid4()
    connection.execute(ADD_ORGANISATION, [id_, name])
    return id_


def set_units(connection: Connection, organisation: UUID, units: Mapping[str, str]) -> None:
    """Say in which units its people read numbers, by quantity. Raises NotFound."""
    must_exist(connection, "organisation", organisation)
    connection.execute(SET_UNITS, [Jsonb(dict(units)), organisation])


def add_patient(connection: Connection, organisation: UUID, name: str, timezone: str) -> UUID:
    """Register a patient; return the id."""
    must_exist(connection, "organisation", organisation)
    id_ = uuid4()
    connection.execute(ADD_PATIENT, [id_, organisation, name, timezone])
    return id_


def add_hub(connection: Connection, hub: HubRow, name: str, signing_key: bytes) -> None:
    """Register a hub with the public key that it signs with."""
    must_exist(connection, "organisation", hub.organisation)
    connection.execute(
        ADD_HUB, [hub.id, hub.organisation, name, hub.timezone, int(hub.suite), signing_key]
    )


def find_hub(connection: Connection, id_: UUID) -> HubRow:
    """Return a hub. Raises NotFound."""
    row = connection.execute(
        "SELECT organisation_id, timezone, suite FROM hub WHERE id = %s", [id_]
    ).fetchone()
    if row is None:
        raise NotFound(f"No hub {id_}; `hearthline-gateway hub list` shows them.")
    return HubRow(id_, row["organisation_id"], row["timezone"], Suite(row["suite"]))


@dataclass(frozen=True, slots=True)
class NewPairing:
    """A device that comes to a hub and a patient. No slot: it has one user.

    `device` is the id that the hub has given it, where it was paired there first.
    """

    address: str
    profile: str
    patient: UUID
    slot: int | None
    since: datetime
    device: UUID | None = None


def pair_device(connection: Connection, hub: HubRow, new: NewPairing) -> UUID:
    """Register a device, pair it with its hub and assign it to its patient; return its id."""
    if new.profile not in PROFILES:
        raise WrongInput(f"No profile {new.profile!r}; known are {', '.join(sorted(PROFILES))}.")
    must_exist(connection, "patient", new.patient, hub.organisation)
    device = _add_device(connection, hub, new)
    connection.execute(LEAVE, {"device": device, "hub": hub.id, "since": new.since})
    row = connection.execute(PAIRING, [device, hub.id]).fetchone()
    if row is None:
        connection.execute(PAIR, [hub.organisation, hub.id, device, new.since])
    else:
        connection.execute(SINCE, [new.since, row["id"]])
    if connection.execute(
        KEEP, {"device": device, "slot": new.slot, "patient": new.patient, "since": new.since}
    ).rowcount:
        return device
    try:
        connection.execute(ASSIGN, [hub.organisation, device, new.slot, new.patient, new.since])
    except psycopg.errors.ExclusionViolation:
        raise AlreadyAssigned from None
    return device


def _add_device(connection: Connection, hub: HubRow, new: NewPairing) -> UUID:
    """Register a device, or find it by its address, under the id that it has already."""
    told = [new.device or uuid4(), hub.organisation, new.address, new.profile]
    try:
        row = connection.execute(ADD_DEVICE, told).fetchone()
    except psycopg.errors.UniqueViolation:  # the id is that of a device with another address
        raise Conflict("Another device has this id.") from None
    assert row is not None  # noqa: S101 - it returns the row in both cases
    device: UUID = row["id"]
    return device


def device_of(connection: Connection, device: UUID) -> tuple[str, str]:
    """Return a device's address and profile. Raises NotFound."""
    row = connection.execute(
        "SELECT address, profile FROM device WHERE id = %s", [device]
    ).fetchone()
    if row is None:
        raise NotFound(f"No device {device}.")
    return row["address"], row["profile"]


def last_told(connection: Connection, hub: UUID) -> dict[str, Any]:
    """Return a hub's last heartbeat and, as `devices`, what it said of each of them."""
    told = connection.execute(TOLD, [hub]).fetchone() or {"received_at": None}
    return {**told, "devices": connection.execute(TOLD_OF_DEVICES, [hub]).fetchall()}


def paired_devices(connection: Connection, hub: UUID) -> tuple[PairedDevice, ...]:
    """Return the devices that a hub may listen to now."""
    return tuple(PairedDevice(**row) for row in connection.execute(PAIRED, [hub]))


def active_hubs(connection: Connection) -> list[UUID]:
    """Return the hubs that the broker shall know."""
    return [row["id"] for row in connection.execute("SELECT id FROM hub WHERE state = 'active'")]


def must_exist(
    connection: Connection, table: str, id_: UUID, organisation: UUID | None = None
) -> None:
    """Raise NotFound where there is no such row."""
    query = {
        "organisation": "SELECT 1 FROM organisation WHERE id = %(id)s",
        "patient": "SELECT 1 FROM patient WHERE id = %(id)s AND organisation_id = %(org)s",
    }[table]
    if connection.execute(query, {"id": id_, "org": organisation}).fetchone() is None:
        raise NotFound(f"No {table} {id_}.")
