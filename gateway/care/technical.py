"""Tasks without an alert: by what hubs tell, for hands; and by what nobody measured."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from alerting.model import Queue, Severity
from gateway.care.due import due
from gateway.care.moves import CLOSED, Status, closes_by_itself
from gateway.storage.database import Connection
from gateway.storage.events import record

PRIORITY: Final = Severity.P3

INSERT: Final = """
INSERT INTO task (id, organisation_id, patient_id, device_id, rule_key, direction, queue, priority,
    title, sentence, due_ack_at, due_at, created_at)
VALUES (%(id)s, %(organisation)s, %(patient)s, %(device)s, %(rule)s, %(direction)s, %(queue)s,
    %(priority)s, %(title)s, %(sentence)s, %(due_ack_at)s, %(due_at)s, %(now)s)
ON CONFLICT DO NOTHING"""
TASK: Final = "SELECT organisation_id, status, priority FROM task WHERE id = %s FOR UPDATE"
CANCEL: Final = """
UPDATE task SET status = 'cancelled', closed_at = %(now)s, closed_by = 'worker',
    closed_reason = %(reason)s WHERE id = %(task)s"""
TELL: Final = "SELECT pg_notify('task', %s)"


@dataclass(frozen=True, slots=True)
class Whose:
    """The home that a technical task is about, by its patient; and the device, if it is one's."""

    organisation: UUID
    patient: UUID
    zone: ZoneInfo
    device: UUID | None = None


def open_task(
    connection: Connection,
    whose: Whose,
    rule: str,
    title: str,
    sentence: str,
    now: datetime,
    priority: Severity = PRIORITY,
    *,
    queue: Queue = "technical",
    by: str = "worker",
) -> UUID:
    """Open a task; of a device and rule, or a patient and a rule, there is one at a time."""
    task, times = uuid4(), due(priority, now, whose.zone)
    told = {
        "id": task,
        "organisation": whose.organisation,
        "patient": whose.patient,
        "device": whose.device,
        "rule": rule,
        # Without a device, the constraint of one open task needs a direction: there is too little.
        "direction": "low" if queue == "adherence" else None,
        "queue": queue,
        "priority": priority,
        "title": title,
        "sentence": sentence,
        "due_ack_at": times.ack_at,
        "due_at": times.act_at,
        "now": now,
    }
    if connection.execute(INSERT, told).rowcount:
        _record(connection, whose.organisation, "task_requested", task, now, actor=by)
    return task


def end_task(connection: Connection, task: UUID, why: str, now: datetime) -> None:
    """End a task that nobody took; who took it is told why it is not needed any more."""
    row = connection.execute(TASK, [task]).fetchone()
    if row is None or Status(row["status"]) in CLOSED:
        return
    organisation = row["organisation_id"]
    if closes_by_itself(Status(row["status"]), Severity(row["priority"])):
        connection.execute(CANCEL, {"now": now, "reason": why, "task": task})
        _record(connection, organisation, "task_cancelled", task, now, reason=why)
    else:
        _record(connection, organisation, "task_noted", task, now, note=why)


def note_task(
    connection: Connection, organisation: UUID, task: UUID, what: str, now: datetime, by: str
) -> None:
    """Add to an open task's history what whoever has it should know."""
    _record(connection, organisation, "task_noted", task, now, actor=by, note=what)


def _record(
    connection: Connection, organisation: UUID, event: str, task: UUID, now: datetime, **detail: Any
) -> None:
    record(connection, organisation, event, now, task=task, severity=PRIORITY.value, **detail)
    connection.execute(TELL, [str(task)])
