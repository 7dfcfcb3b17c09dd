"""Minutes that people worked for a patient."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from gateway.access.rights import Right, Role
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.idempotency import OnceOnly
from gateway.api.made import Done, Made, author
from gateway.api.of_patient import PatientId, looked_at
from gateway.errors import WrongInput
from gateway.storage.minutes import NewTime, TimeRow, Voiding, add_time, list_time, void_time

router = APIRouter(
    prefix="/api/v1/patients/{patient}/time", tags=["time"], responses=problems(400, 404, 409)
)

Writes = Annotated[Call, needs(Right.TIME_WRITE)]


@router.get("", summary="Time for a patient")
def list_all(
    patient: PatientId,
    call: Annotated[Call, needs(Right.TIME_READ)],
    since: Annotated[date, Query(description="The first of the patient's days.")],
    until: Annotated[date, Query(description="The day after the last.")],
) -> list[TimeRow]:
    """List entries of at most a year, voided ones too."""
    if not 0 < (until - since).days <= 366:
        raise WrongInput("`since` is before `until`, by a year at most.")
    looked_at(call, patient, "time.list")
    return list(list_time(call.connection, patient, since, until))


@router.post("", status_code=201, summary="Write time down")
def add(patient: PatientId, new: NewTime, call: Writes, once: OnceOnly) -> Made:
    """Write down your own time. A minute counts once, for one patient."""

    def made() -> Made:
        looked_at(call, patient, "time.add")
        if call.who.session is None:
            raise WrongInput("Minutes are a person's: a program writes none down.")
        if new.qualified and Role.CLINICIAN not in call.who.roles:
            raise WrongInput("Only clinicians write down time as a qualified professional's.")
        return Made(id=add_time(call.connection, patient, new, author(call), call.now))

    return once(call, new, Made, made)


@router.post("/{entry}/void", summary="Say that an entry was wrong")
def void(patient: PatientId, entry: UUID, why: Voiding, call: Writes, once: OnceOnly) -> Done:
    """Void it: it stays, with the reason, and counts no more."""

    def done() -> Done:
        looked_at(call, patient, "time.void")
        void_time(call.connection, patient, entry, why.reason, author(call), call.now)
        return Done()

    return once(call, why, Done, done)
