"""When patients measure, and from whom nothing comes."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from alerting.silence import Schedule
from device_profiles.reading import Kind
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.made import Done
from gateway.api.of_patient import PatientId, looked_at
from gateway.errors import NotFound
from gateway.storage.closed import open_ones
from gateway.storage.schedules import (
    SilenceRow,
    end_schedule,
    schedules,
    set_schedule,
    silences,
)

router = APIRouter(prefix="/api/v1", tags=["schedules"], responses=problems())

Weekday = Annotated[int, Field(ge=1, le=7)]
Writes = Annotated[Call, needs(Right.PATIENTS_WRITE)]


class NewSchedule(BaseModel):
    """On which weekdays (Monday is 1), and when somebody is asked where nothing comes."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"days": [1, 3, 5], "reason": "as agreed"}]},
    )

    days: Annotated[frozenset[Weekday], Field(min_length=1)] = frozenset(range(1, 8))
    grace_hours: Annotated[float, Field(ge=0, le=168)] = 6
    remind_after: Annotated[int, Field(ge=1, le=365)] = 1
    task_after: Annotated[int, Field(ge=1, le=365)] = 3
    review_after: Annotated[int, Field(ge=1, le=365)] = 21
    reason: Annotated[str, Field(min_length=3, max_length=500)]


class ScheduleRow(BaseModel):
    """A schedule in force, or one that was."""

    measure: str
    days: list[int]
    grace: timedelta
    remind_after: int
    task_after: int
    review_after: int
    since: datetime
    until: datetime | None
    author: str
    reason: str


@router.get(
    "/patients/{patient}/schedules", summary="When a patient measures", responses=problems(404)
)
def list_all(
    patient: PatientId, call: Annotated[Call, needs(Right.PATIENTS_READ)], ended: bool = False
) -> list[ScheduleRow]:
    """List schedules, and with `ended` those that were."""
    looked_at(call, patient, "schedule.list")
    rows = schedules(call.connection, patient, ended=ended)
    return [ScheduleRow.model_validate(row) for row in rows]


@router.put(
    "/patients/{patient}/schedules/{measure}",
    summary="Say when a patient measures",
    responses=problems(400, 404),
)
def put(patient: PatientId, measure: Kind, new: NewSchedule, call: Writes) -> Done:
    """Put a schedule in force; that of the same measure ends. It begins tomorrow."""
    looked_at(call, patient, "schedule.set")
    schedule = Schedule(
        since=call.now,
        days=new.days,
        grace=timedelta(hours=new.grace_hours),
        remind_after=new.remind_after,
        task_after=max(new.task_after, new.remind_after),
        review_after=max(new.review_after, new.task_after, new.remind_after),
    )
    set_schedule(call.connection, patient, measure, schedule, call.who.name, new.reason)
    return Done()


@router.delete(
    "/patients/{patient}/schedules/{measure}",
    summary="Expect nothing any more",
    responses=problems(404),
)
def end(patient: PatientId, measure: Kind, call: Writes) -> Done:
    """End what is expected of a patient."""
    looked_at(call, patient, "schedule.end")
    if not end_schedule(call.connection, patient, measure, call.now):
        raise NotFound("Nothing of this is expected.")
    return Done()


@router.get("/silences", summary="From whom nothing comes")
def list_silences(
    call: Annotated[Call, needs(Right.PATIENTS_READ)], ended: bool = False
) -> list[SilenceRow]:
    """List who is silent, the longest first; `held_by` is the technical cause that excuses."""
    rows = silences(call.connection, call.who.organisation, ended=ended)
    whose = (row.patient_id for row in rows)
    seen = open_ones(call.connection, whose, call.who.id, call.now)
    call.audit("silence.list", patients=sorted(seen))
    return [row for row in rows if row.patient_id in seen]
