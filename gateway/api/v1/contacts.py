"""Attempts to reach a patient, of every task and of none."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.idempotency import OnceOnly
from gateway.api.made import Made, author
from gateway.api.of_patient import PatientId, looked_at
from gateway.api.paging import BY_TIME, Cursor, Limit, Page, page_of, read_cursor
from gateway.storage.contacts import ContactRow, NewContact, add_contact, list_contacts

router = APIRouter(
    prefix="/api/v1/patients/{patient}/contacts",
    tags=["contacts"],
    responses=problems(400, 404),
)


@router.get("", summary="Contact attempts")
def list_all(
    patient: PatientId,
    call: Annotated[Call, needs(Right.PATIENTS_READ)],
    task: Annotated[UUID | None, Query(description="Only those for one task.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ContactRow]:
    """List who called whom when, and what came of it, the newest first."""
    looked_at(call, patient, "contact.list")
    after = read_cursor(cursor, BY_TIME)
    rows = list_contacts(call.connection, patient=patient, task=task, after=after, limit=limit + 1)
    kept, following = page_of(rows, limit, lambda row: [row.at.isoformat(), str(row.id)])
    return Page(items=list(kept), next=following)


@router.post("", status_code=201, summary="Write a contact attempt down")
def add(
    patient: PatientId,
    new: NewContact,
    call: Annotated[Call, needs(Right.TASKS_WORK)],
    once: OnceOnly,
) -> Made:
    """Write down that somebody was called. It stays as it is."""

    def made() -> Made:
        looked_at(call, patient, "contact.add")
        return Made(id=add_contact(call.connection, patient, new, author(call), call.now))

    return once(call, new, Made, made)
