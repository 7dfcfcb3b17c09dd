"""Tasks that alerts open: one at a time for a patient, rule and direction.

New evidence is added to the open task, or opens one where there is none. Priority may rise, never
fall. When the alert is resolved, P1 and P2 stay with a note; P3 and P4 that nobody took end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from alerting.findings import Units, decisive, sentence, shown
from alerting.model import Evidence, Rule, Severity
from alerting.pipeline.suppress import Tasks
from gateway.care.due import Due, due, sooner
from gateway.care.moves import Status, closes_by_itself
from gateway.storage.database import Connection
from gateway.storage.events import EVIDENCE_EVERY, record

LOCK_OPEN: Final = """
SELECT patient_id, rule_key, direction, priority FROM task
WHERE patient_id = ANY(%s) AND status NOT IN ('completed', 'cancelled', 'entered-in-error')
ORDER BY id FOR UPDATE"""

OPEN_TASK: Final = """
SELECT id, priority, status, due_ack_at, due_at, evidence FROM task
WHERE patient_id = %s AND rule_key = %s AND direction = %s
  AND status NOT IN ('completed', 'cancelled', 'entered-in-error') FOR UPDATE"""

INSERT: Final = """
INSERT INTO task (id, organisation_id, patient_id, alert_id, rule_key, direction, queue, priority,
    title, sentence, readings, evidence, due_ack_at, due_at, created_at)
VALUES (%(id)s, %(organisation)s, %(patient)s, %(alert)s, %(rule_key)s, %(direction)s, %(queue)s,
    %(priority)s, %(title)s, %(sentence)s, %(readings)s, %(evidence)s, %(due_ack_at)s,
    %(due_at)s, %(now)s)"""

ADD_EVIDENCE: Final = "UPDATE task SET readings = readings + %s, evidence = %s WHERE id = %s"

RAISE: Final = """
UPDATE task SET priority = %s, title = %s, sentence = %s, due_ack_at = %s, due_at = %s
WHERE id = %s"""

CANCEL: Final = """
UPDATE task SET status = 'cancelled', closed_at = %(now)s, closed_by = 'worker',
    closed_reason = %(reason)s
WHERE id = %(task)s"""

TELL: Final = "SELECT pg_notify('task', %s)"


@dataclass(frozen=True, slots=True)
class Case:
    """One patient in one transaction."""

    connection: Connection
    organisation: UUID
    patient: UUID
    zone: ZoneInfo
    now: datetime
    units: Units = field(default_factory=dict)


def lock_tasks(connection: Connection, patients: Sequence[UUID]) -> dict[UUID, Tasks]:
    """Lock patients' open tasks before any alert, as those who accept a task do.

    Returns for each patient how urgent each is, by rule and direction.
    """
    found: dict[UUID, dict[tuple[str | None, str | None], Severity]] = {p: {} for p in patients}
    for row in connection.execute(LOCK_OPEN, [list(patients)]):
        place, mine = (row["rule_key"], row["direction"]), found[row["patient_id"]]
        mine[place] = min(Severity(row["priority"]), mine.get(place, Severity.P4))
    return dict(found)


def ensure_task(
    case: Case,
    alert: UUID,
    rule: Rule,
    evidence: Sequence[Evidence],
    priority: Severity | None = None,
) -> tuple[UUID, bool]:
    """See that somebody has a task for this timely evidence; return it, and whether it is new.

    Without a priority it is that of the worst timely evidence.
    """
    if priority is None:
        priority = min(each.severity for each in evidence if not each.late)
    current = _open_task(case, rule)
    if current is None:
        return _new_task(case, alert, rule, priority, evidence), True
    add_evidence(case, alert, rule, evidence)
    if priority.worse_than(Severity(current["priority"])):
        said = rule.titled(priority), _says(case, rule, evidence)
        _raise(case, alert, current, priority, said)
    return current["id"], False


def add_evidence(case: Case, alert: UUID, rule: Rule, evidence: Sequence[Evidence]) -> None:
    """Add to the open task, if there is one."""
    current = _open_task(case, rule)
    if current is None:
        return
    told = [*current["evidence"], *_told(case, rule, evidence)]
    row = [len(evidence), Jsonb(shown(told, _urgency)), current["id"]]
    case.connection.execute(ADD_EVIDENCE, row)
    _record(case, "task_evidence_added", current["id"], alert, quiet=EVIDENCE_EVERY)


def note_resolved(case: Case, alert: UUID, rule_key: str, direction: str, why: str) -> None:
    """Tell the open task that its alert is over; end it if nobody took it and it is P3 or P4."""
    current = _find(case, rule_key, direction)
    if current is None:
        return
    if closes_by_itself(Status(current["status"]), Severity(current["priority"])):
        row = {"now": case.now, "reason": why, "task": current["id"]}
        case.connection.execute(CANCEL, row)
        _record(case, "task_cancelled", current["id"], alert, reason=why)
    else:
        _record(case, "task_noted", current["id"], alert, note=f"alert resolved: {why}")
    case.connection.execute(TELL, [str(current["id"])])


def _new_task(
    case: Case,
    alert: UUID,
    rule: Rule,
    priority: Severity,
    evidence: Sequence[Evidence],
) -> UUID:
    task, by = uuid4(), due(priority, case.now, case.zone)
    case.connection.execute(
        INSERT,
        {
            "id": task,
            "organisation": case.organisation,
            "patient": case.patient,
            "alert": alert,
            "rule_key": rule.key,
            "direction": rule.direction,
            "queue": rule.queue,
            "priority": priority,
            "title": rule.titled(priority),
            "sentence": _says(case, rule, evidence),
            "readings": len(evidence),
            "evidence": Jsonb(shown(_told(case, rule, evidence), _urgency)),
            "due_ack_at": by.ack_at,
            "due_at": by.act_at,
            "now": case.now,
        },
    )
    _record(case, "task_requested", task, alert, priority)
    case.connection.execute(TELL, [str(task)])
    return task


def _raise(
    case: Case, alert: UUID, current: dict[str, Any], priority: Severity, said: tuple[str, str]
) -> None:
    before = Due(ack_at=current["due_ack_at"], act_at=current["due_at"])
    by = sooner(before, due(priority, case.now, case.zone))
    row = [priority, *said, by.ack_at, by.act_at, current["id"]]
    case.connection.execute(RAISE, row)
    _record(case, "task_raised", current["id"], alert, priority)
    case.connection.execute(TELL, [str(current["id"])])


def _open_task(case: Case, rule: Rule) -> dict[str, Any] | None:
    return _find(case, rule.key, rule.direction)


def _find(case: Case, rule_key: str, direction: str) -> dict[str, Any] | None:
    return case.connection.execute(OPEN_TASK, [case.patient, rule_key, direction]).fetchone()


def _says(case: Case, rule: Rule, evidence: Sequence[Evidence]) -> str:
    return sentence(rule.label, decisive(evidence), case.zone, case.units)


def _told(case: Case, rule: Rule, evidence: Sequence[Evidence]) -> list[dict[str, Any]]:
    """Say each reading in words, so that the task can be worked without the chart."""
    return [
        {
            "reading_id": str(each.observation.reading_id),
            "measured_at": each.observation.measured_at.isoformat(),
            "severity": each.severity,
            "late": each.late,
            "sentence": sentence(rule.label, each, case.zone, case.units),
        }
        for each in evidence
    ]


def _urgency(told: dict[str, Any]) -> tuple[bool, str]:
    return told["late"], told["severity"]


def _record(
    case: Case,
    event: str,
    task: UUID,
    alert: UUID,
    priority: Severity | None = None,
    **detail: Any,
) -> None:
    record(
        case.connection,
        case.organisation,
        event,
        case.now,
        alert=alert,
        task=task,
        severity=priority,
        **detail,
    )
