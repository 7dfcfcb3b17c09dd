"""Tasks as the API shows them: by what who asks may see, with the tag that a change must name."""

from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from gateway.access.restricted import Restricted
from gateway.access.rights import Right
from gateway.api.call import Call
from gateway.api.etag import etag
from gateway.care.dispositions import Disposition
from gateway.care.tasks import EvidenceLine, HistoryLine, show_task
from gateway.errors import Forbidden, NotFound
from gateway.storage.worklist import WorkRow, find_work

EXAMPLE: Final[JsonDict] = {
    "id": "7c0a2f0e-5d1b-4c57-9a3e-2f6f1f0a1b2c",
    "patient_id": "0d5a3a1e-4a8c-4c53-8a44-7f6f7b2f9f10",
    "patient": "Ada Lovelace",
    "timezone": "Europe/London",
    "alert_id": "f2a7d56a-26dc-5248-800a-15233774a013",
    "rule_key": "glucose_low",
    "direction": "low",
    "queue": "clinical",
    "priority": "P1",
    "status": "requested",
    "title": "Glucose low",
    "sentence": "Glucose 50 mg/dL at 09:36 is below 54.",
    "readings": 2,
    "device_id": None,
    "owner": None,
    "owner_id": None,
    "due_ack_at": "2026-11-22T09:51:09Z",
    "due_at": "2026-11-22T10:06:09Z",
    "next_due": "2026-11-22T09:51:09Z",
    "created_at": "2026-11-22T09:36:09Z",
    "accepted_at": None,
    "closed_at": None,
    "follows": None,
    "snoozed_until": None,
    "snoozed_by": None,
    "snoozed_why": None,
    "nobody_came": False,
    "hidden": False,
    "etag": '"5f2b9c0e8d7a4b16"',
}


class Task(WorkRow):
    """A task. `sentence` says why; without health values for who may not see them."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    etag: Annotated[str, Field(description="What If-Match must name to change it.")]


class TaskWhole(Task):
    """A task with its evidence, its reasons, its history and its end."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **EXAMPLE,
                    "evidence": [],
                    "explanation": None,
                    "history": [
                        {
                            "at": "2026-11-22T09:36:09Z",
                            "event": "task_requested",
                            "actor": "worker",
                            "severity": "P1",
                            "detail": {},
                        }
                    ],
                    "disposition": None,
                    "closed_by": None,
                    "closed_reason": None,
                }
            ]
        }
    )

    evidence: tuple[EvidenceLine, ...]
    explanation: dict[str, Any] | None
    history: tuple[HistoryLine, ...]
    disposition: Disposition | None
    closed_by: str | None
    closed_reason: str | None


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
    health = call.who.may(Right.TASKS_READ) and not row.hidden
    more = {
        "evidence": detail.evidence if health else (),
        "explanation": detail.explanation if health else None,
        "history": detail.history if health else (),
        "disposition": detail.disposition if health else None,
        "closed_by": detail.closed_by,
        "closed_reason": detail.closed_reason,
    }
    return TaskWhole(**dict(shown(call, row)), **more)
