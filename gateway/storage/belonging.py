"""The end of a pairing or of an assignment. What was measured before stays whose it was."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.types.json import Jsonb

from gateway.errors import Conflict, NotFound
from gateway.storage.arrivals import SECURITY_EVENT
from gateway.storage.database import Connection

DEVICE: Final = "SELECT organisation_id FROM device WHERE id = %s"
OPEN_PAIRING: Final = """
SELECT id, lower(valid) AS since FROM pairing
WHERE hub_id = %s AND device_id = %s AND upper_inf(valid) FOR UPDATE"""
END_PAIRING: Final = """
UPDATE pairing SET valid = tstzrange(lower(valid), %s) WHERE id = ANY(%s)"""
OPEN_ASSIGNMENT: Final = """
SELECT id, lower(valid) AS since FROM assignment
WHERE device_id = %(device)s AND upper_inf(valid)
  AND (%(patient)s::uuid IS NULL OR patient_id = %(patient)s)
  AND (%(slot)s::smallint IS NULL OR user_slot = %(slot)s) FOR UPDATE"""
END_ASSIGNMENT: Final = """
UPDATE assignment SET valid = tstzrange(lower(valid), %s) WHERE id = ANY(%s)"""


@dataclass(frozen=True, slots=True)
class Whose:
    """Assignments of a device: all, or those to a patient, or of a slot."""

    device: UUID
    patient: UUID | None = None
    slot: int | None = None


def end_pairing(
    connection: Connection, hub: UUID, device: UUID, until: datetime, actor: str
) -> int:
    """End what pairs a device with a hub; return how many rows. Raises NotFound, Conflict."""
    organisation = _organisation(connection, device)
    rows = connection.execute(OPEN_PAIRING, [hub, device]).fetchall()
    ids = [row["id"] for row in rows if _ends(row["since"], until)]
    if not ids:
        raise NotFound("This device is not paired with this hub now.")
    connection.execute(END_PAIRING, [until, ids])
    what = {"device": str(device), "until": until.isoformat(), "by": actor}
    connection.execute(SECURITY_EVENT, [organisation, hub, "pairing_ended", Jsonb(what)])
    return len(ids)


def end_assignment(connection: Connection, whose: Whose, until: datetime, actor: str) -> int:
    """End what gives a device to a patient; return how many rows. Raises NotFound, Conflict."""
    organisation = _organisation(connection, whose.device)
    only = {"device": whose.device, "patient": whose.patient, "slot": whose.slot}
    rows = connection.execute(OPEN_ASSIGNMENT, only).fetchall()
    ids = [row["id"] for row in rows if _ends(row["since"], until)]
    if not ids:
        raise NotFound("No such assignment is open.")
    connection.execute(END_ASSIGNMENT, [until, ids])
    what = {"device": str(whose.device), "until": until.isoformat(), "by": actor}
    connection.execute(SECURITY_EVENT, [organisation, None, "assignment_ended", Jsonb(what)])
    return len(ids)


def _organisation(connection: Connection, device: UUID) -> UUID:
    row = connection.execute(DEVICE, [device]).fetchone()
    if row is None:
        raise NotFound(f"No device {device}.")
    organisation: UUID = row["organisation_id"]
    return organisation


def _ends(since: datetime, until: datetime) -> bool:
    """A range has an end after its beginning. Raises Conflict."""
    if until <= since:
        raise Conflict("It began after that moment.")
    return True
