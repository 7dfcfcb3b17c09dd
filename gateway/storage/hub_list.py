"""Hubs and devices in pages: where they are, what they said last, what is wrong."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from device_profiles.reading import Frozen
from gateway.errors import NotFound
from gateway.storage.closed import CLOSED
from gateway.storage.database import Connection

HUBS: Final = """
SELECT h.id, h.name, h.timezone, h.state, h.replaces, s.received_at AS heard_at,
    s.body ->> 'version' AS version, (s.body ->> 'spool_waiting')::int AS spool_waiting,
    (s.body ->> 'hub_clock_ok')::boolean AS clock_ok,
    (SELECT count(*) FROM pairing g WHERE g.hub_id = h.id AND upper_inf(g.valid)) AS devices,
    (SELECT max(c.not_after) FROM certificate c WHERE c.hub_id = h.id AND c.revoked_at IS NULL)
        AS certificate_ends_at,
    ARRAY(SELECT x.what FROM trouble x WHERE x.hub_id = h.id AND x.until IS NULL ORDER BY x.since)
        AS troubles
FROM hub h LEFT JOIN hub_status s ON s.hub_id = h.id
WHERE NOT h.synthetic AND (%(after)s::uuid IS NULL OR (lower(h.name), h.id) > (
    SELECT lower(l.name), l.id FROM hub l WHERE l.id = %(after)s))
ORDER BY lower(h.name), h.id LIMIT %(limit)s"""

DEVICES: Final = f"""
SELECT d.id, d.profile, d.created_at, g.hub_id, h.name AS hub,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('patient_id', a.patient_id, 'patient',
        CASE WHEN {CLOSED} THEN '' ELSE p.name END,
        'user_slot', a.user_slot, 'since', lower(a.valid)) ORDER BY a.user_slot NULLS FIRST, a.id),
        '[]') FROM assignment a JOIN patient p ON p.id = a.patient_id
     WHERE a.device_id = d.id AND upper_inf(a.valid)) AS users
FROM device d LEFT JOIN pairing g ON g.device_id = d.id AND upper_inf(g.valid)
LEFT JOIN hub h ON h.id = g.hub_id
WHERE NOT coalesce(h.synthetic, false) AND (%(device)s::uuid IS NULL OR d.id = %(device)s)
  AND (%(after)s::uuid IS NULL OR (d.created_at, d.id) > (
    SELECT l.created_at, l.id FROM device l WHERE l.id = %(after)s))
ORDER BY d.created_at, d.id LIMIT %(limit)s"""  # noqa: S608 - constants only


class HubSeen(Frozen):
    """A hub, and what it told last. Troubles as `offline`, `held`."""

    id: UUID
    name: str
    timezone: str
    state: str
    replaces: UUID | None
    heard_at: datetime | None
    version: str | None
    spool_waiting: int | None
    clock_ok: bool | None
    devices: int
    certificate_ends_at: datetime | None
    troubles: tuple[str, ...]


class User(Frozen):
    """Whose readings a device takes; without a slot it has one user. Of a closed record no name."""

    patient_id: UUID
    patient: str
    user_slot: int | None
    since: datetime


class DeviceSeen(Frozen):
    """A device, the hub through which it speaks, and whose it is."""

    id: UUID
    profile: str
    created_at: datetime
    hub_id: UUID | None
    hub: str | None
    users: tuple[User, ...]


def list_hubs(
    connection: Connection, *, after: UUID | None = None, limit: int = 50
) -> tuple[HubSeen, ...]:
    """Return hubs by name; `after` is the last one of the page before."""
    rows = connection.execute(HUBS, {"after": after, "limit": limit})
    return tuple(HubSeen(**row) for row in rows)


def list_devices(
    connection: Connection,
    viewer: UUID,
    now: datetime,
    *,
    after: UUID | None = None,
    limit: int = 50,
) -> tuple[DeviceSeen, ...]:
    """Return devices, the oldest first; `after` is the last one of the page before."""
    return _devices(connection, viewer=viewer, now=now, device=None, after=after, limit=limit)


def find_device(connection: Connection, device: UUID, viewer: UUID, now: datetime) -> DeviceSeen:
    """Return a device. Raises NotFound."""
    asked = {"device": device, "viewer": viewer, "now": now, "after": None, "limit": 1}
    for found in _devices(connection, **asked):
        return found
    raise NotFound("There is no such device in this organisation.")


def _devices(connection: Connection, **asked: Any) -> tuple[DeviceSeen, ...]:
    return tuple(DeviceSeen(**row) for row in connection.execute(DEVICES, asked))
