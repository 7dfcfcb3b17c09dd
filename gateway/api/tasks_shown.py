"""Tasks as the API shows them: by what who asks may see, with the tag that a change must name."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from gateway.access.restricted import Restricted, may_see
from gateway.access.rights import Right
from gateway.api.call import Call
from gateway.api.etag import etag
from gateway.care.about import about
from gateway.care.dispositions import Disposition, RedFlag
from gateway.care.red_flags import asked_for
from gateway.care.tasks import EvidenceLine, HistoryLine, TaskDetail, show_task
from gateway.errors import Forbidden, NotFound
from gateway.storage.worklist import WorkRow, find_work


class Task(WorkRow):
    """A task. `sentence` says why; without health values for who may not see them."""

    etag: Annotated[
        str, Field(description="What If-Match must name.", examples=['"5f2b9c0e8d7a4b16"'])
    ]


class TaskWhole(Task):
    """A task with its evidence, its reasons, its history and its end."""

    evidence: tuple[EvidenceLine, ...]
    explanation: dict[str, Any] | None
    history: tuple[HistoryLine, ...]
    disposition: Disposition | None
    closed_by: str | None
    closed_reason: str | None
    ask_for: Annotated[
        tuple[RedFlag, ...],
        Field(description="Red flags to ask for in its symptom check; others are taken, too."),
    ]


def tag(row: WorkRow) -> str:
    """Return the tag of what people decide on; evidence that comes changes it only by priority."""
    return etag(
        row.id, row.status, row.owner_id, row.owner, row.priority, row.due_at, row.snoozed_until
    )


def shown(call: Call, row: WorkRow) -> Task:
    """Return a task as who asks may see it."""
    said = dict(row)
    if row.alert_id is not None and not call.who.may(Right.TASKS_READ):
        said["sentence"] = ""  # it tells what was measured
    return Task(**said, etag=tag(row))


def find(call: Call, task: UUID) -> WorkRow:
    """Return a task that who asks may see. Raises NotFound."""
    row = find_work(call.connection, task, call.now, call.who.id)
    if row.queue != "technical" and not call.who.may(Right.TASKS_READ):
        raise NotFound("There is no such task in this organisation.")
    return row


def find_for_work(call: Call, task: UUID) -> WorkRow:
    """Return a task that who asks may change. Raises NotFound, Forbidden, Restricted."""
    row = find(call, task)
    if row.queue != "technical" and not call.who.may(Right.TASKS_WORK):
        raise Forbidden
    if row.hidden:
        raise Restricted
    return row


def whole(call: Call, row: WorkRow) -> TaskWhole:
    """Return all that is known of a task, as far as who asks may know it."""
    detail = show_task(call.connection, row.id)
    health = call.who.may(Right.TASKS_READ) and may_see(call, row.patient_id)
    more = {
        "evidence": detail.evidence if health else (),
        "explanation": detail.explanation if health else None,
        "history": detail.history if health else (),
        "disposition": detail.disposition if health else None,
        "closed_by": None if row.hidden else detail.closed_by,
        "closed_reason": None if row.hidden else detail.closed_reason,
        "ask_for": _ask_for(row, detail) if health and row.queue == "clinical" else (),
    }
    return TaskWhole(**dict(shown(call, row)), **more)


def _ask_for(row: WorkRow, detail: TaskDetail) -> tuple[RedFlag, ...]:
    return asked_for(about(row.queue, row.rule_key, row.direction, detail.explanation))
