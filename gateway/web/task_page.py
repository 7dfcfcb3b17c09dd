"""What a task's page is given: evidence and reasons, script, contacts, and the closing form."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse

from alerting.languages import translator
from alerting.model import Evidence, Severity
from gateway.access.restricted import may_see
from gateway.access.rights import Right
from gateway.api.call import Call
from gateway.api.tasks_shown import tag
from gateway.care import scripts
from gateway.care.about import about, component
from gateway.care.dispositions import Answered, Outcome, Urgency
from gateway.care.moves import CLOSED
from gateway.care.red_flags import Flags, asked_for, others
from gateway.care.tasks import TaskDetail, show_task
from gateway.errors import GatewayError
from gateway.storage.connectors import elsewhere
from gateway.storage.contacts import Channel, Reached, WithWhom, list_contacts
from gateway.storage.minutes import Activity
from gateway.storage.notes import list_notes
from gateway.storage.registrations import find_registered
from gateway.storage.worklist import WorkRow
from gateway.web import labels
from gateway.web.closing import AGAIN, SPOKEN, WRONG, Closing, Spoken
from gateway.web.limits import bands_of, rest_of
from gateway.web.pages.live import live_from
from gateway.web.templates import language_of, page
from gateway.web.vitals import VITALS, Vital

TITLES = {
    "urgency": (Urgency, labels.URGENCY),
    "outcome": (Outcome, labels.OUTCOME),
    "answered": (Answered, labels.ANSWERED),
    "channel": (Channel, labels.CHANNEL),
    "with_whom": (WithWhom, labels.WITH_WHOM),
    "reached": (Reached, labels.REACHED),
    "activity": (Activity, labels.ACTIVITY),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A reading of the evidence, in the reader's language."""

    at: datetime
    severity: Severity
    late: bool
    text: str
    number: Decimal | None = None
    unit: str = ""


def task_page(
    call: Call,
    request: Request,
    row: WorkRow,
    *,
    closing: Closing | None = None,
    wrong: Sequence[str] = (),
    error: GatewayError | None = None,
    free: timedelta | None = None,
    status: int = 200,
) -> HTMLResponse:
    """Return the page; `closing` and `wrong` are of a form that could not be taken.

    `free` is how much of its minutes is not written down already, where some is.
    """
    # A technical task is everybody's work; a record that is closed stays closed all the same.
    health = call.who.may(Right.TASKS_READ) and may_see(call, row.patient_id)
    detail = show_task(call.connection, row.id)
    explanation = detail.explanation if health else None
    subject = about(row.queue, row.rule_key, row.direction, explanation)
    given: dict[str, Any] = {
        "task": row,
        "detail": detail,
        "seen": tag(row),
        "closed": row.status in CLOSED,
        "mine": row.owner_id == call.who.id,
        "health": health,
        "evidence": evidence(detail, language_of(request, call.who)) if health else [],
        "explanation": explanation,
        "bands": bands_of(explanation["parameters"]) if explanation else [],
        "rest": rest_of(explanation["parameters"], row.priority) if explanation else None,
        "steps": scripts.script(subject),
        "asked_for": asked_for(subject),
        "others": others(subject),
        "vital": _vital(row, explanation) if health and call.who.may(Right.READINGS_READ) else None,
        "begin": scripts.BEGIN,
        "end": scripts.END,
        "labels": labels,
        "codes": {name: (list(kind), words) for name, (kind, words) in TITLES.items()},
        "again": AGAIN,
        "wrongs": WRONG,
        "spoken": SPOKEN,
        "relations": labels.RELATION,
        "closing": closing or _fresh(call, row),
        "wrong": list(wrong),
        "error": error,
        "free": None if free is None else int(free / timedelta(minutes=1)),
        "elsewhere": elsewhere(call.connection, call.who.organisation, row.id),
        "live": live_from(request, row.patient_id if health else None),
        "live_of": str(row.patient_id if health else row.id),
        **(_of_patient(call, row.patient_id, row.id) if health else {"patient": None}),
    }
    return page(request, "task.html", call.who, status=status, **given)


def evidence(detail: TaskDetail, language: str) -> list[Shown]:
    """Return what the task rests on, the newest first."""
    told = (detail.explanation or {}).get("evidence", [])
    if not told:
        lines = [Shown(e.measured_at, e.severity, e.late, e.sentence) for e in detail.evidence]
        return sorted(lines, key=lambda line: line.at, reverse=True)
    translate = translator(language)
    found = []
    for each in map(Evidence.model_validate, told):
        seen, reason = each.observation, each.reason.text(translate)
        place = (seen.measured_at, each.severity, each.late, reason)
        found.append(Shown(*place, number=seen.number, unit=seen.unit))
    return sorted(found, key=lambda line: line.at, reverse=True)


def _vital(row: WorkRow, explanation: dict[str, Any] | None) -> Vital | None:
    """Return the chart that shows what the task is about."""
    measured = component(row.rule_key, explanation)
    return next((vital for vital in VITALS if measured in vital.names), None)


def flags_of(call: Call, row: WorkRow) -> Flags:
    """Return the red flags that the form to close a task asks for."""
    explanation = show_task(call.connection, row.id).explanation
    return asked_for(about(row.queue, row.rule_key, row.direction, explanation))


def _fresh(call: Call, row: WorkRow) -> Closing:
    contacts = list_contacts(call.connection, task=row.id)
    missed = [each for each in contacts if each.outcome is not Reached.REACHED]
    # They have said it already, when they wrote the attempt down.
    spoken = any(each.is_live and each.author == call.who.name for each in contacts)
    return Closing(
        attempts=len(missed) or None, minutes=True, spoken=Spoken.PATIENT if spoken else None
    )


def _of_patient(call: Call, patient: UUID, task: UUID) -> dict[str, Any]:
    return {
        "patient": find_registered(call.connection, patient),
        "contacts": list_contacts(call.connection, task=task, limit=20),
        "notes": list_notes(call.connection, patient, task=task, limit=20),
    }
