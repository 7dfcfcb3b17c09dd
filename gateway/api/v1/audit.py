"""The audit: who did and saw what, and who saw a patient; to be looked at, and nothing else."""

from dataclasses import replace
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field, TypeAdapter
from starlette.responses import Response

from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.of_patient import PatientId
from gateway.api.paging import Cursor, Limit, Page, page_of, read_cursor
from gateway.audit.export import MOST, TooMany, as_csv
from gateway.errors import NotFound
from gateway.storage.audit import Asked, AuditRow, SeenBy, list_audit, patient_names, seen_by

router = APIRouter(prefix="/api/v1/audit", tags=["audit"], responses=problems(400))

Reads = Annotated[Call, needs(Right.AUDIT_READ)]
BY_SEQ: TypeAdapter[tuple[int]] = TypeAdapter(tuple[Annotated[int, Field(ge=1, lt=2**63)]])
CSV: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "RFC 4180"}
}
Since = Annotated[AwareDatetime | None, Query(description="Not earlier than this.")]
Until = Annotated[AwareDatetime | None, Query(description="Earlier than this.")]


def _asked(
    patient: Annotated[UUID | None, Query(description="Whose data it was.")] = None,
    person: Annotated[UUID | None, Query(description="Of the person or program who did.")] = None,
    action: Annotated[
        str | None,
        Query(pattern=r"^[a-z0-9_.-]{1,100}$", description="As `task.take`, or all of `task`."),
    ] = None,
    since: Since = None,
    until: Until = None,
) -> Asked:
    return Asked(patient=patient, person=person, action=action, since=since, until=until)


Wanted = Annotated[Asked, Depends(_asked)]


@router.get("", summary="Entries of the audit")
def list_all(
    call: Reads, asked: Wanted, limit: Limit = 50, cursor: Cursor = None
) -> Page[AuditRow]:
    """List entries, the newest first. That they were looked at is an entry too."""
    after = read_cursor(cursor, BY_SEQ)
    wanted = replace(asked, before=after[0] if after else None)
    rows = list_audit(call.connection, call.who.organisation, wanted, limit + 1)
    call.audit("audit.view", patient=asked.patient)
    kept, more = page_of(rows, limit, lambda row: [str(row.seq)])
    return Page(items=list(kept), next=more)


@router.get("/export", summary="Entries as CSV", responses=CSV, response_class=Response)
def export(call: Reads, asked: Wanted) -> Response:
    """Give up to 50,000 entries as a file."""
    return export_of(call, asked)


@router.get("/patients/{patient}", summary="Who saw a patient", responses=problems(400, 404))
def who_saw(
    call: Reads, patient: PatientId, since: Since = None, until: Until = None
) -> list[SeenBy]:
    """List everybody who saw a patient's data or did something for them, the last one first."""
    organisation = call.who.organisation
    if not patient_names(call.connection, organisation, [patient]):
        raise NotFound
    found = seen_by(call.connection, organisation, patient, since, until)
    call.audit("audit.view", patient=patient)
    return list(found)


def export_of(call: Call, asked: Asked) -> Response:
    """Return the entries as a file. Raises TooMany."""
    organisation = call.who.organisation
    rows = list_audit(call.connection, organisation, asked, MOST + 1)
    if len(rows) > MOST:
        raise TooMany
    patients = {patient for row in rows for patient in row.patients}
    names = patient_names(call.connection, organisation, list(patients))
    call.audit("audit.export", patient=asked.patient, entries=len(rows))
    attached = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return Response(as_csv(rows, names), media_type="text/csv; charset=utf-8", headers=attached)
