"""A broken hub's place is taken by another box: devices move, patients and history stay."""

from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.errors import Conflict
from gateway.storage import enrolments
from gateway.storage.database import Connection
from gateway.storage.homes import HubRow

REPLACED: Final = "SELECT id FROM hub WHERE replaces = %s"
# It stands in the same home.
HOME: Final = """
UPDATE hub n SET patient_id = o.patient_id FROM hub o
WHERE o.id = %s AND n.id = %s AND o.patient_id IS NOT NULL"""
# What began at this very moment has no time before it to keep.
END: Final = """
UPDATE pairing SET valid = tstzrange(lower(valid), greatest(%(now)s, lower(valid)), '[]')
WHERE hub_id = %(old)s AND upper_inf(valid) RETURNING device_id, lower(valid) AS since"""
# From when the old hub's began: a device's memory may hold what that one never fetched.
BEGIN: Final = """
INSERT INTO pairing (organisation_id, hub_id, device_id, valid)
VALUES (%(organisation)s, %(new)s, %(device)s, tstzrange(%(since)s, NULL))"""


def replace_hub(connection: Connection, old: UUID, new: UUID, by: str, now: datetime) -> HubRow:
    """Register a hub in the place of another and move its devices; return the new one.

    The pairings with the old hub end, those with the new one begin. Whose the devices are does not
    change. Raises NotFound, Conflict.
    """
    found = enrolments.lock_hub(connection, old)
    if connection.execute(REPLACED, [old]).fetchone() is not None:
        raise Conflict("This hub has been replaced already.")
    hub = HubRow(new, found.row.organisation, found.row.timezone, found.row.suite)
    enrolments.add_invited_hub(connection, hub, found.name, replaces=old)
    connection.execute(HOME, [old, new])
    for row in connection.execute(END, {"now": now, "old": old}).fetchall():
        told = {"organisation": hub.organisation, "new": new, "since": row["since"]}
        connection.execute(BEGIN, {**told, "device": row["device_id"]})
    enrolments.security_event(connection, found, "hub_replaced", now, by=by, new=str(new))
    return hub
