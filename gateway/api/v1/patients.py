"""Patients: listed, sought by name, shown with their devices and the cause of silence."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.etag import etag
from gateway.api.of_patient import PatientId, looked_at
from gateway.api.paging import BY_ID, Cursor, Limit, Page, page_of, read_cursor
from gateway.storage.patients import (
    PatientDevice,
    PatientRow,
    Sought,
    devices_of,
    list_patients,
    show_patient,
)

router = APIRouter(prefix="/api/v1/patients", tags=["patients"], responses=problems())

Reads = Annotated[Call, needs(Right.PATIENTS_READ)]


class Seeking(BaseModel):
    """A part of a name; in the body, since addresses are written into logs."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"named": "lovelace"}]}
    )

    named: Annotated[str, Field(min_length=1, max_length=200)]
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=400)] = None


@router.get("", summary="Patients by name", responses=problems(400))
def list_all(
    call: Reads,
    programme: Annotated[str, Query(max_length=64, description="A programme's key.")] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PatientRow]:
    """List patients. Of a record that is closed to you: the name, and no more."""
    return _page(call, Sought(programme=programme, viewer=call.who.id), limit, cursor)


@router.post("/search", summary="Patients by a part of their name", responses=problems(400))
def search(call: Reads, seeking: Seeking) -> Page[PatientRow]:
    """List patients whose name has these letters in it."""
    sought = Sought(named=seeking.named, viewer=call.who.id)
    return _page(call, sought, seeking.limit, seeking.cursor)


@router.get("/{patient}", summary="A patient", responses=problems(404))
def show(patient: PatientId, call: Reads, response: Response) -> PatientRow:
    """Show who it is; the ETag is what a change of the registration must name."""
    looked_at(call, patient, "patient.view")
    found = show_patient(call.connection, patient, call.now, call.who.id)
    response.headers["ETag"] = etag(found.id, found.version)
    return found


@router.get("/{patient}/devices", summary="A patient's devices", responses=problems(404))
def devices(
    patient: PatientId, call: Annotated[Call, needs(Right.PATIENTS_READ, Right.DEVICES_READ)]
) -> list[PatientDevice]:
    """List devices that are the patient's now, their hubs, and the cause of silence."""
    looked_at(call, patient, "patient.devices")
    return list(devices_of(call.connection, patient))


def _page(call: Call, sought: Sought, limit: int, cursor: str | None) -> Page[PatientRow]:
    after = read_cursor(cursor, BY_ID)
    last = UUID(after[0]) if after else None
    rows = list_patients(call.connection, sought, call.now, after=last, limit=limit + 1)
    kept, following = page_of(rows, limit, lambda row: [str(row.id)])
    call.audit("patient.list", patients=[row.id for row in kept])
    return Page(items=list(kept), next=following)
