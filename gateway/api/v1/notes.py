"""Notes on a patient, which a chart shows at the moment that they are about."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.idempotency import OnceOnly
from gateway.api.made import Made, author
from gateway.api.of_patient import PatientId, looked_at
from gateway.api.paging import BY_TIME, Cursor, Limit, Page, page_of, read_cursor
from gateway.storage.notes import NewNote, NoteRow, add_note, list_notes

router = APIRouter(
    prefix="/api/v1/patients/{patient}/notes", tags=["notes"], responses=problems(400, 404)
)


@router.get("", summary="Notes")
def list_all(
    patient: PatientId,
    call: Annotated[Call, needs(Right.PATIENTS_READ)],
    task: Annotated[UUID | None, Query(description="Only those for one task.")] = None,
    since: Annotated[AwareDatetime | None, Query(description="About then or later.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="About before then.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[NoteRow]:
    """List notes; of one that is `corrected` another says more."""
    looked_at(call, patient, "note.list")
    after = read_cursor(cursor, BY_TIME)
    rows = list_notes(
        call.connection,
        patient,
        task=task,
        since=since,
        until=until,
        after=after,
        limit=limit + 1,
    )
    kept, following = page_of(rows, limit, lambda row: [row.about.isoformat(), str(row.id)])
    return Page(items=list(kept), next=following)


@router.post("", status_code=201, summary="Write a note")
def add(
    patient: PatientId,
    new: NewNote,
    call: Annotated[Call, needs(Right.TASKS_WORK)],
    once: OnceOnly,
) -> Made:
    """Write a note. It stays as it is: another one may correct it."""

    def made() -> Made:
        looked_at(call, patient, "note.add")
        return Made(id=add_note(call.connection, patient, new, author(call), call.now))

    return once(call, new, Made, made)
