"""The worklist: list, show, accept, complete. What comes in, what goes out, the SQL, the moves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb
from pydantic import Field

from alerting.model import Queue, Severity
from device_profiles.reading import Frozen
from gateway.care.dispositions import Disposition
from gateway.care.moves import (
    CLOSED,
    Status,
    check_completion,
    check_decided,
    check_free,
    check_move,
)
from gateway.errors import NotFound
from gateway.storage import doubts
from gateway.storage.database import Connection
from gateway.storage.events import record


class TaskRow(Frozen):
    """A task as the worklist shows it."""

    id: UUID
    organisation_id: UUID
    patient_id: UUID
    patient: str
    alert_id: UUID | None
    rule_key: str | None
    direction: str | None
    queue: Queue
    priority: Severity
    status: Status
    title: str
    sentence: str
    readings: int
    owner: str | None
    due_ack_at: datetime | None
    due_at: datetime
    created_at: datetime
    accepted_at: datetime | None
    closed_at: datetime | None

    def overdue(self, now: datetime) -> bool:
        """Tell whether its next deadline has passed."""
        if self.status in CLOSED:
            return False
        due = self.due_ack_at if self.status is Status.REQUESTED else None
        return (due or self.due_at) < now


class EvidenceLine(Frozen):
    """One reading of a task's evidence, in words."""

    reading_id: UUID
    measured_at: datetime
    severity: Severity
    late: bool
    sentence: str


class HistoryLine(Frozen):
    """One thing that happened to a task or to an alert that it serves."""

    at: datetime
    event: str
    actor: str
    severity: Severity | None
    detail: dict[str, Any] = Field(default_factory=dict)


class TaskDetail(TaskRow):
    """A task with everything that is known of it."""

    evidence: tuple[EvidenceLine, ...]
    explanation: dict[str, Any] | None
    history: tuple[HistoryLine, ...]
    disposition: Disposition | None
    closed_by: str | None
    closed_reason: str | None


_COLUMNS: Final = """
    t.id, t.organisation_id, t.patient_id, p.name AS patient, t.alert_id, t.rule_key, t.direction,
    t.queue, t.priority, t.status, t.title, t.sentence, t.readings,
    t.owner, t.due_ack_at, t.due_at, t.created_at, t.accepted_at, t.closed_at"""

LIST: Final = f"""
SELECT {_COLUMNS} FROM task t JOIN patient p ON p.id = t.patient_id
WHERE (%(organisation)s::uuid IS NULL OR t.organisation_id = %(organisation)s)
  AND NOT p.synthetic
  AND (%(patient)s::uuid IS NULL OR t.patient_id = %(patient)s)
  AND (%(queue)s::text IS NULL OR t.queue = %(queue)s)
  AND (%(closed)s OR t.status NOT IN ('completed', 'cancelled', 'entered-in-error'))
ORDER BY t.priority, coalesce(t.due_ack_at, t.due_at), t.created_at, t.id LIMIT %(limit)s"""  # noqa: S608 - constants only

SHOW: Final = f"""
SELECT {_COLUMNS}, t.evidence, t.disposition, t.closed_by, t.closed_reason, a.explanation
FROM task t JOIN patient p ON p.id = t.patient_id LEFT JOIN alert a ON a.id = t.alert_id
WHERE t.id = %s"""  # noqa: S608 - constants only

HISTORY: Final = """
SELECT at, event, actor, severity, detail FROM alert_event
WHERE task_id = %(task)s OR alert_id IN (
    SELECT id FROM alert WHERE task_id = %(task)s
    UNION SELECT alert_id FROM task WHERE id = %(task)s)
ORDER BY id"""

LOCK: Final = """
SELECT organisation_id, patient_id, status, priority, owner, owner_id, accepted_at, created_at
FROM task WHERE id = %s FOR NO KEY UPDATE"""

ACCEPT: Final = """
UPDATE task SET status = 'accepted', owner = %(by)s, owner_id = %(id)s, accepted_at = %(now)s
WHERE id = %(task)s"""

ACKNOWLEDGE: Final = """
UPDATE alert SET state = 'acknowledged', updated_at = %(now)s
WHERE task_id = %(task)s AND state = 'open' RETURNING id"""

COMPLETE: Final = """
UPDATE task SET status = 'completed', closed_at = %(now)s, closed_by = %(by)s,
    disposition = %(disposition)s
WHERE id = %(task)s"""

TELL: Final = "SELECT pg_notify('task', %s)"


def list_tasks(
    connection: Connection,
    *,
    organisation: UUID | None = None,
    patient: UUID | None = None,
    queue: Queue | None = None,
    closed: bool = False,
    limit: int = 200,
) -> tuple[TaskRow, ...]:
    """Return tasks, the most urgent first, then by deadline. Closed ones only if asked for."""
    asked = {
        "organisation": organisation,
        "patient": patient,
        "queue": queue,
        "closed": closed,
        "limit": limit,
    }
    return tuple(TaskRow(**row) for row in connection.execute(LIST, asked))


def show_task(connection: Connection, task: UUID) -> TaskDetail:
    """Return a task with its evidence and history. Raises NotFound."""
    row = connection.execute(SHOW, [task]).fetchone()
    if row is None:
        raise NotFound(f"No task {task}; `hearthline-gateway tasks list` shows what there is.")
    history: Sequence[dict[str, Any]] = connection.execute(HISTORY, {"task": task}).fetchall()
    return TaskDetail.model_validate(row | {"history": history})


def accept_task(
    connection: Connection, task: UUID, by: str, now: datetime, *, person: UUID | None = None
) -> None:
    """Take a task: its alerts are acknowledged. Raises NotFound, AlreadyTaken, MoveNotAllowed."""
    row = lock_task(connection, task)
    check_free(Status(row["status"]), row["owner"], row["accepted_at"])
    check_move(Status(row["status"]), Status.ACCEPTED)
    connection.execute(ACCEPT, {"by": by, "id": person, "now": now, "task": task})
    organisation = row["organisation_id"]
    record(connection, organisation, "task_accepted", now, task=task, actor=by)
    for alert in connection.execute(ACKNOWLEDGE, {"now": now, "task": task}).fetchall():
        record(
            connection, organisation, "acknowledged", now, alert=alert["id"], task=task, actor=by
        )
    connection.execute(TELL, [str(task)])


def complete_task(
    connection: Connection, task: UUID, by: str, disposition: Disposition, now: datetime
) -> None:
    """Close a task with its coded end.

    Raises NotFound, NotDecided, and what `check_completion` raises.
    """
    row = lock_task(connection, task)
    check_completion(
        Status(row["status"]), Severity(row["priority"]), disposition, row["created_at"], now
    )
    check_decided(doubts.undecided(connection, task))
    ended = disposition.model_dump(mode="json")
    connection.execute(COMPLETE, {"now": now, "by": by, "disposition": Jsonb(ended), "task": task})
    record(
        connection,
        row["organisation_id"],
        "task_completed",
        now,
        task=task,
        actor=by,
        urgency=disposition.urgency,
        outcome=disposition.outcome,
        actionable=disposition.actionable,
    )
    connection.execute(TELL, [str(task)])


def lock_task(connection: Connection, task: UUID) -> dict[str, Any]:
    """Keep a task's row until the end of the transaction. Raises NotFound."""
    row = connection.execute(LOCK, [task]).fetchone()
    if row is None:
        raise NotFound(f"No task {task}; `hearthline-gateway tasks list` shows what there is.")
    return row
