"""What people do with a task: take, release, assign, begin, wait, snooze, wake, complete."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from gateway.api.documented import EDITS, problems
from gateway.api.task_move import MoveOf
from gateway.api.tasks_shown import Task
from gateway.care import hands, snoozes, tasks
from gateway.care.dispositions import Disposition
from gateway.care.follow_up import NewTask, make_task
from gateway.care.moves import Status, check_free
from gateway.errors import Conflict
from gateway.storage.colleagues import find_colleague
from gateway.storage.worklist import WorkRow

router = APIRouter(prefix="/api/v1/tasks", tags=["tasks"], responses=problems(400, *EDITS))


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Said(_Strict):
    """A word to who comes next."""

    note: Annotated[str, Field(max_length=500, examples=["My shift ends; she is at home."])] = ""


class Assigning(Said):
    """To whom a task goes: a colleague's id, of /api/v1/people."""

    to: Annotated[UUID, Field(examples=["3d7a27e0-1d0d-4a8f-9e0b-5b8a6f0f7c11"])]


class Snoozing(_Strict):
    """How long, and why. P1 and P2 sleep 4 hours at most, others 24."""

    minutes: Annotated[int, Field(gt=0, le=1440, examples=[60])]
    reason: Annotated[str, Field(min_length=3, max_length=500, examples=["At the dentist."])]
    whole_component: bool = False
    """All rules over the same value, not this one only."""


class Completing(_Strict):
    """How a task ends, and what comes after it. P1 needs the symptom check."""

    disposition: Disposition
    follow_up: NewTask | None = None


@router.post("/{task}/take", summary="Take a task")
def take(move: MoveOf) -> Task:
    """Take it; its alerts are acknowledged. Of two at once one wins, the other is told who."""
    call = move.call
    return move(
        "task.take",
        None,
        lambda row: tasks.accept_task(
            call.connection, row.id, call.who.name, call.now, person=call.who.id
        ),
        first=lambda row: check_free(row.status, row.owner, row.accepted_at),
    )


@router.post("/{task}/release", summary="Give a task back to everybody")
def release(move: MoveOf, said: Said) -> Task:
    """Give it back: whoever is on call is told again, since deadlines go on."""
    return move(
        "task.release",
        said,
        lambda row: hands.release_task(
            move.call.connection, row.id, move.call.who.name, move.call.now, note=said.note
        ),
    )


@router.post("/{task}/assign", summary="Ask a colleague, or hand over")
def assign(move: MoveOf, asked: Assigning) -> Task:
    """Give it to a colleague. Who is asked for an untaken task still has to take it."""

    def given(row: WorkRow) -> None:
        to = find_colleague(move.call.connection, asked.to)
        if not to.may_work_in(row.queue):
            raise Conflict("Their role does not let them work on this task.")
        name, now = move.call.who.name, move.call.now
        hands.assign_task(move.call.connection, row.id, to.id, to.name, name, now, note=asked.note)

    return move("task.assign", asked, given)


@router.post("/{task}/begin", summary="Begin with a task")
def begin(move: MoveOf) -> Task:
    """Say that you are at it now."""
    return move("task.begin", None, lambda row: _to(move, row, Status.IN_PROGRESS))


@router.post("/{task}/wait", summary="Wait for the patient")
def wait(move: MoveOf) -> Task:
    """Say that the next step is the patient's."""
    return move("task.wait", None, lambda row: _to(move, row, Status.ON_HOLD))


@router.post("/{task}/snooze", summary="Keep a task quiet for a time")
def snooze(move: MoveOf, asked: Snoozing) -> Task:
    """Keep it, and new alerts like it that are no worse, quiet. It always ends."""
    return move(
        "task.snooze",
        asked,
        lambda row: snoozes.snooze_task(
            move.call.connection,
            row.id,
            move.call.who.name,
            asked.reason,
            timedelta(minutes=asked.minutes),
            move.call.now,
            whole_component=asked.whole_component,
        ),
    )


@router.post("/{task}/wake", summary="End a task's snooze")
def wake(move: MoveOf) -> Task:
    """End what keeps it quiet."""
    return move(
        "task.wake",
        None,
        lambda row: snoozes.wake_task(
            move.call.connection, row.id, move.call.who.name, move.call.now
        ),
    )


@router.post("/{task}/complete", summary="Close a task with its coded end")
def complete(move: MoveOf, asked: Completing) -> Task:
    """Close one's own, and open what must follow. P1 closes only with its symptom check."""

    def closed(row: WorkRow) -> None:
        who, now, connection = move.call.who, move.call.now, move.call.connection
        if row.owner_id != who.id:
            raise Conflict("Take it first: it is closed by who has it.")
        tasks.complete_task(connection, row.id, who.name, asked.disposition, now)
        if asked.follow_up is not None:
            make_task(
                connection,
                who.organisation,
                row.patient_id,
                asked.follow_up,
                who.name,
                now,
                follows=row.id,
            )

    return move("task.complete", asked, closed)


def _to(move: MoveOf, row: WorkRow, status: Status) -> None:
    call = move.call
    hands.move_task(call.connection, row.id, status, call.who.name, call.now)
