"""Readings that are held: nobody knows whose they are, or they are far from the last."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from gateway.access.restricted import may_see, must_see
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.idempotency import OnceOnly
from gateway.api.made import Done
from gateway.api.paging import BY_ID, Cursor, Limit, Page, page_of, read_cursor
from gateway.care.held import confirm, give_to, refuse
from gateway.storage.held import HeldRow, find_held, waiting

router = APIRouter(prefix="/api/v1/held", tags=["held readings"], responses=problems())

Decides = Annotated[Call, needs(Right.READINGS_CONFIRM)]
EDITS = problems(404, 409)


class Giving(BaseModel):
    """Whose the device is, or its slot, from the oldest reading that is held on."""

    model_config = ConfigDict(extra="forbid")

    patient: UUID


class Given(BaseModel):
    """How many held readings are tried again."""

    readings: int


@router.get("", summary="Readings that wait for a word", responses=problems(400))
def list_all(call: Decides, limit: Limit = 50, cursor: Cursor = None) -> Page[HeldRow]:
    """List what a person can decide, the oldest first. What was measured stays sealed."""
    after = read_cursor(cursor, BY_ID)
    last = UUID(after[0]) if after else None
    rows = waiting(call.connection, after=last, limit=limit + 1)
    kept, following = page_of(rows, limit, lambda row: [str(row.id)])
    call.audit("held.list", patients=[row.patient_id for row in kept if row.patient_id])
    return Page(items=[_shown(call, row) for row in kept], next=following)


@router.post("/{held}/confirm", summary="It is the patient's", responses=EDITS)
def say_yes(held: UUID, call: Decides, once: OnceOnly) -> Done:
    """Say that it is the patient's: it is taken within seconds."""

    def done() -> Done:
        _looked_at(call, held, "held.confirm")
        confirm(call.connection, held, call.who.name, call.now)
        return Done()

    return once(call, None, Done, done)


@router.post("/{held}/refuse", summary="It is not the patient's", responses=EDITS)
def say_no(held: UUID, call: Decides, once: OnceOnly) -> Done:
    """Say that it is somebody else's, or nobody's here: it stays sealed."""

    def done() -> Done:
        _looked_at(call, held, "held.refuse")
        refuse(call.connection, held, call.who.name, call.now)
        return Done()

    return once(call, None, Done, done)


@router.post("/{held}/give", summary="Give its device to a patient", responses=EDITS)
def give(held: UUID, giving: Giving, call: Decides, once: OnceOnly) -> Given:
    """Say whose the device is, or its slot: all that is held of it is tried again."""

    def done() -> Given:
        must_see(call, giving.patient)
        _looked_at(call, held, "held.give", giving.patient)
        place = (call.who.name, call.now)
        return Given(readings=give_to(call.connection, held, giving.patient, *place))

    return once(call, giving, Given, done)


def _shown(call: Call, row: HeldRow) -> HeldRow:
    closed = row.patient_id is not None and row.restricted and not may_see(call, row.patient_id)
    return row.model_copy(update={"question": None, "patient": None}) if closed else row


def _looked_at(call: Call, held: UUID, action: str, patient: UUID | None = None) -> None:
    row = find_held(call.connection, held)
    whose = patient or row.patient_id
    if whose is not None:
        must_see(call, whose)
    call.audit(action, patient=whose, subject=("quarantine", str(held)))
