"""Readings that are held until a person says whose they are."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from alerting.words import template
from device_profiles.registry import PROFILES
from gateway.access.restricted import may_see, must_see
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.paging import BY_ID, page_of, read_cursor
from gateway.care import held
from gateway.storage import installs
from gateway.storage.held import HeldRow, find_held, others, waiting
from gateway.storage.patients import PatientRow, Sought, list_patients
from gateway.web.answers import go
from gateway.web.navigation import Entry
from gateway.web.templates import page

READERS: Final = frozenset({Right.READINGS_CONFIRM, Right.DEVICES_WRITE})
NAVIGATION = Entry(60, template("Held"), "/held", READERS, key="h")
AT_ONCE: Final = 50
AT_MOST: Final = 20
WHY: Final = {
    "implausible_jump": template("It is far from the last one: is it the patient's?"),
    "unassigned": template("Nobody is known for this user of the device."),
    "not_paired": template("The device was not the patient's yet when this was measured."),
}
OTHERS: Final = {
    "unreadable_body": template("cannot be read"),
    "undecodable": template("cannot be decoded; a newer version may"),
    "unknown_profile": template("of a device that this version does not know"),
    "no_reading": template("without a reading"),
    "no_true_time": template("without a time that can be trusted"),
    "unknown_recipient": template("sealed to a key that is gone"),
    "unopenable": template("cannot be opened"),
    "bad_signature": template("not signed by their hub"),
    "altered_replay": template("told twice, and not the same: an attack"),
    "hub_not_active": template("of a hub that is shut out"),
}

router = APIRouter(include_in_schema=False)
Reader = Annotated[Call, needs(*READERS)]
Decider = Annotated[Call, needs(Right.READINGS_CONFIRM)]


@router.get("/held")
def show(
    call: Reader, request: Request, cursor: Annotated[str | None, Query(max_length=400)] = None
) -> HTMLResponse:
    """Show what is held, the oldest first. Who may not see values sees whose device, and when."""
    after = read_cursor(cursor, BY_ID)
    found = waiting(call.connection, after=UUID(after[0]) if after else None, limit=AT_ONCE + 1)
    rows, following = page_of(found, AT_ONCE, lambda row: [str(row.id)])
    seen = [_closed(call, row) for row in rows]
    call.audit("held.list", patients=[row.patient_id for row in seen if row.patient_id])
    decides = call.who.may(Right.READINGS_CONFIRM)
    return page(
        request,
        "held.html",
        call.who,
        rows=seen,
        after=following,
        people={row.id: _people(call, row) for row in seen} if decides else {},
        decides=decides,
        others=others(call.connection),
        why=WHY,
        other_words=OTHERS,
        profiles=PROFILES,
    )


@router.post("/held/{id_}/confirm")
def confirm(id_: UUID, call: Decider, request: Request) -> Response:
    """It is the patient's: it is charted and evaluated within seconds."""
    row = _open(call, id_)
    held.confirm(call.connection, id_, call.who.name, call.now)
    call.audit("held.confirm", patient=row.patient_id, subject=("quarantine", str(id_)))
    return go(request, "/held")


@router.post("/held/{id_}/refuse")
def refuse(id_: UUID, call: Decider, request: Request) -> Response:
    """It is not the patient's: it stays sealed, and is charted nowhere."""
    row = _open(call, id_)
    held.refuse(call.connection, id_, call.who.name, call.now)
    call.audit("held.refuse", patient=row.patient_id, subject=("quarantine", str(id_)))
    return go(request, "/held")


@router.post("/held/{id_}/assign")
def assign(
    id_: UUID, call: Decider, request: Request, patient: Annotated[UUID, Form()]
) -> Response:
    """Give the device, or its slot, to a patient from this reading on, and take what is held."""
    _open(call, id_)
    must_see(call, patient)
    tried = held.give_to(call.connection, id_, patient, call.who.name, call.now)
    call.audit("held.give", patient=patient, subject=("quarantine", str(id_)), readings=tried)
    return go(request, "/held")


@router.get("/held/{id_}")
def whose(id_: UUID, call: Decider, request: Request) -> HTMLResponse:
    """Ask whose it is, where it is nobody of this home."""
    return _whose(call, request, id_)


@router.post("/held/{id_}")
def seek(
    id_: UUID, call: Decider, request: Request, named: Annotated[str, Form(max_length=100)] = ""
) -> HTMLResponse:
    """Look for a patient by name."""
    return _whose(call, request, id_, named.strip())


def _whose(call: Call, request: Request, id_: UUID, named: str = "") -> HTMLResponse:
    row = _open(call, id_)
    found: tuple[PatientRow, ...] = ()
    if named:
        sought = Sought(named=named, viewer=call.who.id)
        found = list_patients(call.connection, sought, call.now, limit=AT_MOST)
    call.audit("patient.list", patients=[each.id for each in found])
    return page(
        request,
        "held_whose.html",
        call.who,
        row=row,
        named=named,
        found=found,
        why=WHY,
        profiles=PROFILES,
    )


def _open(call: Call, id_: UUID) -> HeldRow:
    """Return what is held. Raises NotFound, Restricted."""
    row = find_held(call.connection, id_)
    if row.patient_id is not None:
        must_see(call, row.patient_id)
    return row


def _closed(call: Call, row: HeldRow) -> HeldRow:
    """Take out what who asks may not see: values, and a restricted patient's name."""
    hidden: dict[str, None] = {}
    if not call.who.may(Right.READINGS_READ):
        hidden["question"] = None
    if row.restricted and row.patient_id and not may_see(call, row.patient_id):
        hidden |= {"question": None, "patient": None, "patient_id": None}
        hidden |= {"hub": None}
    return row.model_copy(update=hidden)


def _people(call: Call, row: HeldRow) -> dict[UUID, str]:
    if row.hub_id is None or not row.known_device or row.asked:
        return {}
    return dict(installs.at_home(call.connection, row.hub_id, call.who.id, call.now))
