"""Many tasks at once, of P3 and P4 only; and a task that somebody makes by hand."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.idempotency import OnceOnly
from gateway.api.made import Made
from gateway.api.of_patient import PatientId, looked_at
from gateway.api.task_move import Works
from gateway.api.tasks_shown import find_for_work
from gateway.care.bulk import give_all, snooze_all, take_all
from gateway.care.follow_up import NewTask, make_task
from gateway.errors import Conflict
from gateway.storage.colleagues import find_colleague

router = APIRouter(prefix="/api/v1", tags=["tasks"], responses=problems(400, 404, 409))


class Many(BaseModel):
    """Which tasks."""

    model_config = ConfigDict(extra="forbid")

    tasks: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=200)]


class ManyAssigned(Many):
    """Which tasks go to whom: a colleague's id, of /api/v1/people."""

    to: UUID
    note: Annotated[str, Field(max_length=500)] = ""


class ManySnoozed(Many):
    """Which tasks sleep for how long, and why."""

    minutes: Annotated[int, Field(gt=0, le=1440, examples=[60])]
    reason: Annotated[str, Field(min_length=3, max_length=500)]


class HowMany(BaseModel):
    """Of how many it could be done; the others are as they were."""

    tasks: int


@router.post("/tasks/bulk-take", summary="Take many tasks")
def take(asked: Many, call: Works, once: OnceOnly) -> HowMany:
    """Take those that nobody has."""
    name, now = call.who.name, call.now
    return _each(
        call,
        once,
        asked,
        "task.take",
        lambda t: take_all(call.connection, t, call.who.id, name, now),
    )


@router.post("/tasks/bulk-assign", summary="Give many tasks to a colleague")
def assign(asked: ManyAssigned, call: Works, once: OnceOnly) -> HowMany:
    """Give a colleague those that nobody else has."""
    by = (call.who.id, call.who.name)

    def given(tasks: tuple[UUID, ...]) -> int:
        to = find_colleague(call.connection, asked.to)
        if not all(to.may_work_in(find_for_work(call, task).queue) for task in tasks):
            raise Conflict("Their role does not let them work on these tasks.")
        return give_all(call.connection, tasks, (to.id, to.name), by, call.now, note=asked.note)

    return _each(call, once, asked, "task.assign", given)


@router.post("/tasks/bulk-snooze", summary="Keep many tasks quiet for a time")
def snooze(asked: ManySnoozed, call: Works, once: OnceOnly) -> HowMany:
    """Keep those quiet that can be. It always ends."""
    length = timedelta(minutes=asked.minutes)
    place = (call.who.name, asked.reason, length, call.now)
    return _each(
        call, once, asked, "task.snooze", lambda tasks: snooze_all(call.connection, tasks, *place)
    )


@router.post("/patients/{patient}/tasks", status_code=201, summary="Make a task by hand")
def add(
    patient: PatientId,
    new: NewTask,
    call: Annotated[Call, needs(Right.TASKS_WORK)],
    once: OnceOnly,
) -> Made:
    """Make a task: what must not be forgotten, and by when."""

    def made() -> Made:
        looked_at(call, patient, "task.add")
        place, name = call.who.organisation, call.who.name
        return Made(id=make_task(call.connection, place, patient, new, name, call.now))

    return once(call, new, Made, made)


def _each(
    call: Call,
    once: OnceOnly,
    asked: Many,
    action: str,
    move: Callable[[tuple[UUID, ...]], int],
) -> HowMany:
    def moved() -> HowMany:
        rows = [find_for_work(call, task) for task in dict.fromkeys(asked.tasks)]
        done = move(tuple(row.id for row in rows))
        ids = [str(row.id) for row in rows]
        call.audit(action, patients=[row.patient_id for row in rows], tasks=ids)
        return HowMany(tasks=done)

    return once(call, asked, HowMany, moved)
