"""Readings of a patient: one by one, as points, by day, week or month; and each as it came."""

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from gateway.access.restricted import must_see
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.of_patient import PatientId, looked_at
from gateway.api.paging import BY_TIME, Cursor, Limit, Page, page_of, read_cursor
from gateway.errors import WrongInput
from gateway.storage.patients import show_patient
from gateway.storage.readings import (
    Bucket,
    By,
    Point,
    ReadingDetail,
    ReadingRow,
    Whose,
    buckets,
    list_readings,
    names_of,
    points,
    show_reading,
)
from gateway.storage.trace import Step, trace

router = APIRouter(prefix="/api/v1", tags=["readings"], responses=problems(404))

Reads = Annotated[Call, needs(Right.READINGS_READ)]
Since = Annotated[
    AwareDatetime | None, Query(description="Measured since then. Default: a month before.")
]
Until = Annotated[AwareDatetime | None, Query(description="Measured before then. Default: now.")]
Names = Annotated[
    list[str] | None,
    Query(max_length=20, description="As systolic, glucose; repeat. Default: all.", alias="name"),
]
MONTH: Final = timedelta(days=31)
LONGEST: Final = timedelta(days=3660)


@router.get("/patients/{patient}/readings", summary="Readings", responses=problems(400))
def list_all(
    patient: PatientId,
    call: Reads,
    since: Since = None,
    until: Until = None,
    kind: Annotated[str | None, Query(max_length=40, description="As blood_pressure.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ReadingRow]:
    """List readings, the newest first. Times are corrected; `device_time` is the device's own."""
    looked_at(call, patient, "reading.list")
    whose = _whose(call, patient, since, until)
    after = read_cursor(cursor, BY_TIME)
    rows = list_readings(call.connection, whose, kind=kind, after=after, limit=limit + 1)
    kept, following = page_of(rows, limit, lambda row: [row.measured_at.isoformat(), str(row.id)])
    return Page(items=list(kept), next=following)


@router.get("/patients/{patient}/points", summary="Values over time", responses=problems(400))
def list_points(
    patient: PatientId,
    call: Reads,
    since: Since = None,
    until: Until = None,
    name: Names = None,
) -> list[Point]:
    """List every value of a time, as a chart needs them."""
    looked_at(call, patient, "reading.points")
    whose = _whose(call, patient, since, until)
    return list(points(call.connection, whose, name or names_of(call.connection, whose)))


@router.get("/patients/{patient}/buckets", summary="Values by day", responses=problems(400))
def list_buckets(
    patient: PatientId,
    call: Reads,
    by: By = "day",
    since: Since = None,
    until: Until = None,
    name: Names = None,
) -> list[Bucket]:
    """List lowest, highest, mean and median of valid values, by days where the patient lives."""
    looked_at(call, patient, "reading.buckets")
    whose = _whose(call, patient, since, until)
    zone = show_patient(call.connection, patient, call.now).timezone
    names = name or names_of(call.connection, whose)
    return list(buckets(call.connection, whose, names, by, zone))


@router.get("/readings/{reading}", summary="A reading as the device told it")
def show(reading: UUID, call: Reads) -> ReadingDetail:
    """Show a reading with its octets and what they were decoded to."""
    found = show_reading(call.connection, reading)
    must_see(call, found.patient_id)
    call.audit("reading.view", patient=found.patient_id, subject=("reading", str(reading)))
    return found


@router.get("/readings/{reading}/trace", summary="The whole way of a reading")
def show_trace(reading: UUID, call: Annotated[Call, needs(Right.CUSTODY_READ)]) -> list[Step]:
    """Tell step by step, with times, how a reading came from its device to a task."""
    found = show_reading(call.connection, reading)
    must_see(call, found.patient_id)
    call.audit("reading.trace", patient=found.patient_id, subject=("reading", str(reading)))
    return list(trace(call.connection, reading))


def _whose(call: Call, patient: UUID, since: datetime | None, until: datetime | None) -> Whose:
    end = until or call.now
    try:
        begin = since or end - MONTH
    except OverflowError:
        begin = end
    if not timedelta(0) < end - begin <= LONGEST:
        raise WrongInput("`since` is before `until`, by ten years at most.")
    return Whose(organisation=call.who.organisation, patient=patient, since=begin, until=end)
