"""What people say of readings that are held: whose they are, or that they are nobody's here."""

from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.care.technical import end_task
from gateway.errors import Conflict, NotFound
from gateway.storage import doubts, held, homes
from gateway.storage.database import Connection
from gateway.storage.events import record

CONFIRMED: Final = "it is the patient's reading"
REFUSED: Final = "it is not the patient's reading"


def decided(connection: Connection, held: UUID, by: str, now: datetime, *, confirmed: bool) -> None:
    """Write down whose it is, and end the task where it asks about nothing else."""
    state, why = ("confirmed", CONFIRMED) if confirmed else ("refused", REFUSED)
    found = doubts.decide(connection, held, state, by, now)
    if not found:
        raise NotFound(f"Nobody asks about {held}; `hearthline-gateway quarantine list` lists it.")
    for row in {row["task_id"]: row for row in found}.values():
        task = row["task_id"]
        record(connection, row["organisation_id"], f"reading_{state}", now, task=task, actor=by)
        if task is not None and not doubts.still_asked(connection, task):
            end_task(connection, task, why, now)


def confirm(connection: Connection, id_: UUID, by: str, now: datetime) -> None:
    """It is the patient's: ingest, which can open it, is asked to take it. Raises NotFound."""
    decided(connection, id_, by, now, confirmed=True)
    held.ask_again(connection, [id_], by, now)


def refuse(connection: Connection, id_: UUID, by: str, now: datetime) -> None:
    """It is not the patient's, or nobody's here: it stays sealed. Raises NotFound."""
    if held.find_held(connection, id_).asked:
        decided(connection, id_, by, now, confirmed=False)
    else:
        held.refuse_held(connection, id_, now)


def give_to(connection: Connection, id_: UUID, patient: UUID, by: str, now: datetime) -> int:
    """Give the device, or its slot, to a patient from the oldest that is held on; return how many
    are tried again. Raises NotFound, Conflict."""
    row = held.find_held(connection, id_)
    if row.hub_id is None or row.device_id is None or not row.known_device:
        raise Conflict("The gateway does not know this device: pair it first.")
    same = held.like_this(connection, id_)
    if not same:
        raise Conflict("It is not known when this was measured.")
    if held.speaks_elsewhere(connection, row.device_id, row.hub_id):
        raise Conflict("The device speaks through another hub now.")
    hub = homes.find_hub(connection, row.hub_id)
    since = min(at for _, at in same)
    address, profile = homes.device_of(connection, row.device_id)
    new = homes.NewPairing(address, profile, patient, row.user_slot, since, device=row.device_id)
    homes.pair_device(connection, hub, new)
    return held.ask_again(connection, [each for each, _ in same], by, now)
