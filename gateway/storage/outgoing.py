"""A task as one destination may see it: read from the rows, cut to the destination's contents."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from alerting.model import Severity
from alerting.words import template
from gateway.care.moves import Status
from gateway.connectors.ports import Contents, End, Evidence, Patient, Value, Work
from gateway.errors import NotFound
from gateway.storage.database import Connection

TASK: Final = """
SELECT t.id, t.organisation_id, t.patient_id, p.external_id, p.restricted, t.alert_id, t.rule_key,
    t.queue, t.priority, t.status, t.title, t.sentence, t.evidence, t.owner, t.created_at,
    t.due_at, t.closed_at, t.disposition, a.severity AS alert_severity, a.state AS alert_state
FROM task t JOIN patient p ON p.id = t.patient_id LEFT JOIN alert a ON a.id = t.alert_id
WHERE t.id = %s"""

VALUES: Final = """
SELECT v.reading_id, r.device_id, v.name, v.mdc, v.number, v.unit FROM reading_value v
JOIN reading r ON r.id = v.reading_id AND r.measured_at = v.measured_at
WHERE v.patient_id = %(patient)s AND v.reading_id = ANY(%(readings)s) AND v.number IS NOT NULL
  AND v.measured_at BETWEEN %(first)s AND %(last)s ORDER BY v.reading_id, v.ordinal"""

# What a title says where it may say nothing of the patient's health.
WORK_OF: Final[Mapping[str, str]] = {
    "clinical": template("Clinical task"),
    "adherence": template("Task about measuring"),
    "technical": template("Technical task"),
}


def work(
    connection: Connection, task: UUID, contents: Contents, version: int, console: str
) -> Work:
    """Return a task as it is now. Raises NotFound.

    Of a patient whose record is restricted, nothing but the minimum leaves, whatever the contents.
    """
    row = connection.execute(TASK, [task]).fetchone()
    if row is None:
        raise NotFound(f"No task {task}.")
    allowed = Contents.MINIMAL if row["restricted"] else contents
    whole = Work(
        task=row["id"],
        organisation=row["organisation_id"],
        patient=Patient(row["patient_id"], row["external_id"]),
        alert=row["alert_id"],
        rule=row["rule_key"],
        queue=row["queue"],
        priority=Severity(row["priority"]),
        status=Status(row["status"]),
        title=row["title"],
        owner=row["owner"],
        created_at=row["created_at"],
        due_at=row["due_at"],
        closed_at=row["closed_at"],
        link=f"{console}/tasks/{task}",
        version=version,
        alert_severity=Severity(row["alert_severity"]) if row["alert_severity"] else None,
        alert_state=row["alert_state"],
        sentence=row["sentence"],
        evidence=_evidence(connection, row) if allowed is Contents.FULL else (),
        end=_end(row["disposition"]),
    )
    return cut(whole, allowed)


def cut(work: Work, contents: Contents) -> Work:
    """Leave of a task what may leave the gateway. All that is sent has gone through here."""
    if contents is Contents.FULL:
        return work
    end = replace(work.end, note=None) if work.end else None
    titled = replace(work, sentence=None, evidence=(), end=end)
    if contents is Contents.TITLE:
        return titled
    return replace(titled, title=WORK_OF[work.queue], rule=None)


def _evidence(connection: Connection, row: Mapping[str, Any]) -> tuple[Evidence, ...]:
    lines: Sequence[Mapping[str, Any]] = row["evidence"]
    if not lines:
        return ()
    moments = [line["measured_at"] for line in lines]
    asked = {
        "patient": row["patient_id"],
        "readings": [UUID(line["reading_id"]) for line in lines],
        "first": min(moments),
        "last": max(moments),
    }
    found = connection.execute(VALUES, asked).fetchall()
    return tuple(
        _line(line, [each for each in found if str(each["reading_id"]) == line["reading_id"]])
        for line in lines
    )


def _line(line: Mapping[str, Any], values: Sequence[Mapping[str, Any]]) -> Evidence:
    return Evidence(
        reading=UUID(line["reading_id"]),
        device=values[0]["device_id"] if values else None,
        measured_at=datetime.fromisoformat(line["measured_at"]),
        severity=Severity(line["severity"]),
        sentence=line["sentence"],
        values=tuple(
            Value(each["name"], each["number"], each["unit"], each["mdc"]) for each in values
        ),
    )


def _end(disposition: Mapping[str, Any] | None) -> End | None:
    if disposition is None:
        return None
    return End(
        urgency=disposition["urgency"],
        outcome=disposition["outcome"],
        actionable=disposition["actionable"],
        attempts=disposition["attempts"],
        note=disposition["note"],
    )
