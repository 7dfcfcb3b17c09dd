"""The worklist: listed, sought by a name, counted, shown."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from alerting.model import Queue, Severity
from gateway.access.rights import Right
from gateway.api.call import Call, needs
from gateway.api.documented import problems
from gateway.api.paging import (
    BY_TIME,
    BY_URGENCY,
    Cursor,
    Limit,
    Page,
    page_of,
    read_cursor,
)
from gateway.api.tasks_shown import Task, TaskWhole, find, shown, whole
from gateway.storage.worklist import QueueCount, Wanted, counts, place, worklist

router = APIRouter(prefix="/api/v1/tasks", tags=["tasks"], responses=problems())

Reads = Annotated[Call, needs(Right.TASKS_READ, Right.TECHNICAL_TASKS)]


class Sought(BaseModel):
    """Which tasks. A name is sent in the body, since addresses are written into logs."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"named": "lovelace", "queue": "clinical"}]}
    )

    named: Annotated[str, Field(max_length=200, description="A part of the patient's name.")] = ""
    queue: Queue | None = None
    priority: Severity | None = None
    closed: bool = False
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=400)] = None


@router.get("", summary="The worklist", responses=problems(400))
def list_tasks(
    call: Reads,
    queue: Queue | None = None,
    priority: Severity | None = None,
    patient: Annotated[UUID | None, Query(description="Of one patient.")] = None,
    mine: Annotated[bool, Query(description="Only what I have.")] = False,
    untaken: Annotated[bool, Query(description="Only what nobody has taken.")] = False,
    snoozed: Annotated[bool | None, Query(description="Only snoozed ones, or none.")] = None,
    closed: Annotated[bool, Query(description="Closed ones, the newest end first.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Task]:
    """List open tasks, the most urgent first, then by the next deadline.

    A technician sees technical tasks only, without what was measured.
    """
    wanted = Wanted(
        queue=queue,
        priority=priority,
        patient=patient,
        owner=call.who.id if mine else None,
        untaken=untaken,
        snoozed=snoozed,
        closed=closed,
        viewer=call.who.id,
    )
    return _page(call, wanted, limit, cursor)


@router.post("/search", summary="Tasks by a patient's name", responses=problems(400))
def search_tasks(call: Reads, sought: Sought) -> Page[Task]:
    """List tasks of patients whose name has these letters in it."""
    wanted = Wanted(
        queue=sought.queue,
        priority=sought.priority,
        named=sought.named,
        closed=sought.closed,
        viewer=call.who.id,
    )
    return _page(call, wanted, sought.limit, sought.cursor)


@router.get("/counts", summary="How much lies in each queue")
def count_tasks(call: Reads) -> list[QueueCount]:
    """Count open, overdue, untaken tasks, and mine, for each queue that has some."""
    only: Queue | None = None if call.who.may(Right.TASKS_READ) else "technical"
    return list(counts(call.connection, call.now, call.who.id, only))


@router.get("/{task}", summary="A task with all that is known of it", responses=problems(404))
def show_task(task: UUID, call: Reads, response: Response) -> TaskWhole:
    """Show evidence, reasons, history and end; the ETag is what a change must name."""
    row = find(call, task)
    found = whole(call, row)
    call.audit("task.view", patient=row.patient_id, subject=("task", str(task)))
    response.headers["ETag"] = found.etag
    return found


def _page(call: Call, wanted: Wanted, limit: int, cursor: str | None) -> Page[Task]:
    if not call.who.may(Right.TASKS_READ):
        if wanted.queue not in (None, "technical"):
            return Page(items=[])
        wanted = replace(wanted, queue="technical")
    after = read_cursor(cursor, BY_TIME if wanted.closed else BY_URGENCY)
    rows = worklist(call.connection, wanted, call.now, after=after, limit=limit + 1)
    kept, following = page_of(rows, limit, lambda row: place(row, wanted))
    call.audit("task.list", patients=[row.patient_id for row in kept])
    return Page(items=[shown(call, row) for row in kept], next=following)
