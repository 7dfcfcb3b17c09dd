"""Devices: what they are, through which hub they speak, and whose they are."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from device_profiles.registry import PROFILES
from gateway.access.restricted import must_see
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.idempotency import OnceOnly
from gateway.api.made import Done
from gateway.api.paging import BY_ID, Cursor, Limit, Page, page_of, read_cursor
from gateway.storage.belonging import Whose, end_assignment
from gateway.storage.hub_list import DeviceSeen, find_device, list_devices

router = APIRouter(prefix="/api/v1/devices", tags=["devices"], responses=problems())

Reads = Annotated[Call, needs(Right.DEVICES_READ)]


class Profile(BaseModel):
    """A kind of device that hubs understand."""

    key: str
    name: str


class Ending(BaseModel):
    """Whose it is no more; all of its users, or one patient, or one slot."""

    model_config = ConfigDict(extra="forbid")

    patient: UUID | None = None
    slot: Annotated[int, Field(ge=0, le=255)] | None = None


@router.get("", summary="Devices", responses=problems(400))
def list_all(call: Reads, limit: Limit = 50, cursor: Cursor = None) -> Page[DeviceSeen]:
    """List devices, the oldest first."""
    after = read_cursor(cursor, BY_ID)
    last = UUID(after[0]) if after else None
    rows = list_devices(call.connection, call.who.id, call.now, after=last, limit=limit + 1)
    kept, following = page_of(rows, limit, lambda row: [str(row.id)])
    users = [user.patient_id for row in kept for user in row.users]
    call.audit("device.list", patients=users)
    return Page(items=list(kept), next=following)


@router.get("/profiles", summary="Kinds of devices")
def list_profiles(call: Reads) -> list[Profile]:
    """List the kinds of devices that hubs understand."""
    del call
    return [Profile(key=key, name=profile.name) for key, profile in sorted(PROFILES.items())]


@router.get("/{device}", summary="A device", responses=problems(404))
def show(device: UUID, call: Reads) -> DeviceSeen:
    """Show a device and whose it is now."""
    found = find_device(call.connection, device, call.who.id, call.now)
    users = [user.patient_id for user in found.users]
    call.audit("device.view", subject=("device", str(device)), patients=users)
    return found


@router.post("/{device}/end", summary="Take a device from its users", responses=problems(404, 409))
def end(
    device: UUID,
    ending: Ending,
    call: Annotated[Call, needs(Right.DEVICES_WRITE)],
    once: OnceOnly,
) -> Done:
    """End whose it is, now. What was measured before stays theirs; what comes then is held."""

    def done() -> Done:
        _must_see_users(call, device, ending)
        whose = Whose(device, ending.patient, ending.slot)
        end_assignment(call.connection, whose, call.now, call.who.name)
        subject = ("device", str(device))
        call.audit("device.end", patient=ending.patient, subject=subject)
        return Done()

    return once(call, ending, Done, done)


def _must_see_users(call: Call, device: UUID, ending: Ending) -> None:
    for user in find_device(call.connection, device, call.who.id, call.now).users:
        if ending.patient in (None, user.patient_id) and ending.slot in (None, user.user_slot):
            must_see(call, user.patient_id)
