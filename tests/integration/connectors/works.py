"""Tasks to put at far sides."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from alerting.model import Severity
from gateway.care.moves import Status
from gateway.connectors.ports import Connector, End, Evidence, Known, Patient, Put, Value, Work

SENTENCE = "184/120 mmHg, above 180/110"
NOTE = "took the tablets twice"
END = End("visit_24h", "visit_booked", actionable=True, note=NOTE)


def minimal(**changes: Any) -> Work:
    """Return what leaves by the policy `minimal`."""
    now = datetime.now(UTC).replace(microsecond=0)
    task = uuid4()
    work = Work(
        task=task,
        organisation=uuid4(),
        patient=Patient(uuid4(), f"MRN-{task.hex[:6]}"),
        alert=uuid4(),
        rule=None,
        queue="clinical",
        priority=Severity.P2,
        status=Status.REQUESTED,
        title="Clinical task",
        owner=None,
        created_at=now,
        due_at=now + timedelta(hours=4),
        closed_at=None,
        link=f"https://console.example.org/tasks/{task}",
        version=1,
        alert_severity=Severity.P2,
        alert_state="open",
    )
    return replace(work, **changes)


def full(**changes: Any) -> Work:
    """Return what leaves by the policy `full`."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=3)
    values = (Value("systolic", Decimal(184), "mm[Hg]"), Value("diastolic", Decimal(120), "mm[Hg]"))
    line = Evidence(uuid4(), uuid4(), at, Severity.P2, SENTENCE, values)
    told = {"title": "Blood pressure very high", "rule": "bp_very_high", "sentence": SENTENCE}
    return replace(minimal(), **{**told, "evidence": (line,), **changes})


def taken(work: Work, **changes: Any) -> Work:
    """Return it as somebody has it, a version on."""
    new = {"status": Status.ACCEPTED, "owner": "Ada Byron", "version": work.version + 1}
    return replace(work, **{**new, **changes})


def put(connector: Connector, work: Work, known: Known | None = None) -> Known:
    """Put a task, which must be taken."""
    outcome = connector.put(work, known)
    assert isinstance(outcome, Put), outcome
    return Known(outcome.remote_id, outcome.version)
