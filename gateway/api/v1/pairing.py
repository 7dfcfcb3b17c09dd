"""The devices of a hub, and the receipt that proves an installation."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from gateway.access.restricted import must_see
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.idempotency import OnceOnly
from gateway.api.made import Done, Made
from gateway.api.v1.hubs import find_hub
from gateway.care import installing
from gateway.cli import given
from gateway.enrolment.receipt import InstallationReceipt, kept_receipt, make_receipt
from gateway.errors import NotFound, WrongInput

router = APIRouter(prefix="/api/v1/hubs", tags=["enrolment"], responses=problems(404, 409))

Writes = Annotated[Call, needs(Right.DEVICES_WRITE)]


class NewPairing(BaseModel):
    """A device, by the hub's proof, or by what stands on it; and whose readings it takes."""

    model_config = ConfigDict(extra="forbid")

    patient: UUID
    proof: Annotated[str, Field(max_length=2000)] = ""
    address: Annotated[str, Field(max_length=40)] = ""
    profile: Annotated[str, Field(max_length=64)] = ""
    slot: Annotated[int, Field(ge=0, le=255)] | None = None


@router.post("/{hub}/devices", status_code=201, summary="Pair a device", responses=problems(400))
def pair(hub: UUID, new: NewPairing, call: Writes, once: OnceOnly) -> Made:
    """Give a device to the hub and to a patient, from now on, or from the end of the pairing."""

    def made() -> Made:
        find_hub(call, hub)
        must_see(call, new.patient)
        device = installing.pair(call.connection, hub, _named(new), new.patient, call.now)
        subject = ("device", str(device))
        call.audit("device.pair", patient=new.patient, subject=subject, hub=hub)
        return Made(id=device)

    return once(call, new, Made, made)


@router.post("/{hub}/devices/{device}/end", summary="End a pairing")
def unpair(hub: UUID, device: UUID, call: Writes, once: OnceOnly) -> Done:
    """Take it away: it is nobody's here from now on. What was measured before stays theirs."""

    def done() -> Done:
        find_hub(call, hub)
        installing.take_away(call.connection, hub, device, call.who.name, call.now)
        call.audit("device.unpair", subject=("device", str(device)), hub=hub)
        return Done()

    return once(call, None, Done, done)


@router.post("/{hub}/receipt", status_code=201, summary="Prove an installation")
def prove(hub: UUID, call: Writes, once: OnceOnly) -> InstallationReceipt:
    """Follow the newest reading on its whole way, open and end a test task, keep all of it."""

    def made() -> InstallationReceipt:
        find_hub(call, hub)
        receipt = make_receipt(call.connection, hub, call.who.name, call.now)
        call.audit("install.receipt", subject=("hub", str(hub)), receipt=receipt.id)
        return receipt

    return once(call, None, InstallationReceipt, made)


@router.get("/{hub}/receipt", summary="The receipt of an installation")
def show_receipt(
    hub: UUID, call: Annotated[Call, needs(Right.DEVICES_READ)]
) -> InstallationReceipt:
    """Show the newest that is kept. It holds no value."""
    find_hub(call, hub)
    kept = kept_receipt(call.connection, hub)
    if kept is None:
        raise NotFound("No receipt of this hub is kept.")
    call.audit("install.receipt_view", subject=("hub", str(hub)))
    return kept


def _named(new: NewPairing) -> installing.Named:
    if bool(new.proof) == bool(new.address):
        raise WrongInput("Name the device by `proof`, or by `address` and `profile`.")
    if new.proof:
        return installing.Named(proof=new.proof, slot=new.slot)
    address = given.address(new.address)
    return installing.Named(address=address, profile=new.profile, slot=new.slot)
