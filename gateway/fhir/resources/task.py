"""Task: the worklist, with deadlines, evidence and end."""

from typing import Any, Final

from gateway.access.rights import Right
from gateway.care.moves import Status
from gateway.fhir.evidence import evidence, observations
from gateway.fhir.params import Custom, Date, Identifier, Reference, Token, to
from gateway.fhir.resource import (
    Built,
    Include,
    Key,
    Resource,
    Row,
    base,
    instant,
    of_uuid,
    refer,
    reference,
)
from gateway.fhir.systems import (
    OUTCOME,
    PERSON,
    PRIORITY,
    QUEUE,
    REQUEST_PRIORITY,
    RULE,
    TASK_STATUS,
    URGENCY,
    URI,
    coding,
    concept,
    uri_of,
)

# FHIR's words have their own order: an asap task is more urgent than an urgent one.
PRIORITIES: Final = {"P1": "stat", "P2": "asap", "P3": "urgent", "P4": "routine"}


def build(row: Row) -> Built:
    """Return a Task."""
    made = base(row, "Task") | {
        "identifier": [uri_of(row["id"])],
        "status": row["status"],
        "intent": "order",
        "priority": PRIORITIES[row["priority"]],
        "code": {"coding": _codes(row), "text": row["title"]},
        "for": reference("Patient", row["patient"]),
        "authoredOn": instant(row["created_at"]),
        "lastModified": instant(row["updated"]),
        "restriction": {"period": {"end": instant(row["due_at"])}},
    }
    if row["sentence"]:
        made["description"] = row["sentence"]
    if row["alert_id"]:
        made["focus"] = reference("DetectedIssue", row["alert_id"])
    elif row["device_id"]:
        made["focus"] = reference("Device", row["device_id"])
    if row["follows"]:
        made["partOf"] = [reference("Task", row["follows"])]
    if row["owner"]:
        made["owner"] = _owner(row)
    if row["accepted_at"] or row["closed_at"]:
        told = {"start": row["accepted_at"], "end": row["closed_at"]}
        made["executionPeriod"] = {name: instant(at) for name, at in told.items() if at}
    if row["closed_reason"]:
        made["statusReason"] = {"text": row["closed_reason"]}
    made |= _evidence(row)
    return made | _end(row)


def _codes(row: Row) -> list[dict[str, str]]:
    found = [coding(QUEUE, row["queue"]), coding(PRIORITY, row["priority"])]
    return [*found, coding(RULE, row["rule_key"])] if row["rule_key"] else found


def _owner(row: Row) -> Built:
    owner: Built = {"type": "Practitioner", "display": row["owner"]}
    if row["owner_id"]:
        owner["identifier"] = {"system": PERSON, "value": str(row["owner_id"])}
    return owner


def _evidence(row: Row) -> Built:
    kind = {"text": "evidence"}
    found = [{"type": kind, "valueReference": one} for one in observations(row["evidence"])]
    return {"input": found} if found else {}


def _end(row: Row) -> Built:
    """Return what came of it: codes; the note stays here."""
    ended: dict[str, Any] | None = row["disposition"]
    if not ended:
        return {}
    told = [("outcome", OUTCOME), ("urgency", URGENCY)]
    found = [
        {"type": {"text": name}, "valueCodeableConcept": concept(system, str(ended[name]))}
        for name, system in told
        if ended.get(name)
    ]
    return {"output": found} if found else {}


_WHOSE: Final = (
    "x.alert_id IN (SELECT a.id FROM alert a WHERE a.task_id = t.id OR a.id = t.alert_id)"
)
RESOURCE: Final = Resource(
    type="Task",
    rights=frozenset({Right.TASKS_READ}),
    named="task",
    columns=f"""t.id, t.status, t.priority, t.queue, t.rule_key, t.title, t.sentence, t.alert_id,
        t.device_id, t.follows, t.owner, t.owner_id, t.created_at, t.due_at, t.accepted_at,
        t.closed_at, t.closed_reason, t.disposition,
        {evidence(_WHOSE)}""",
    source="task t JOIN patient p ON p.id = t.patient_id",
    build=build,
    by_id=of_uuid("t.id"),
    keys=(Key("t.id", "uuid"),),
    updated="t.touched_at",
    params={
        "identifier": Identifier({URI: to("t.id")}),
        "status": Token("t.status", {status: [status] for status in Status}, TASK_STATUS),
        "priority": Token(
            "t.priority", {fhir: [ours] for ours, fhir in PRIORITIES.items()}, REQUEST_PRIORITY
        ),
        "code": Custom(
            "token",
            lambda value: ("%s IN (t.queue, t.rule_key, t.priority)", [value.rpartition("|")[2]]),
            "A queue, a priority of ours, a rule",
        ),
        "patient": Reference({"Patient": to("p.id")}),
        "subject": Reference({"Patient": to("p.id")}),
        "focus": Reference({"DetectedIssue": to("t.alert_id"), "Device": to("t.device_id")}),
        "owner": Identifier({PERSON: to("t.owner_id")}, "A person's id"),
        "authored-on": Date("t.created_at"),
        "modified": Date("t.touched_at"),
        "due": Date("t.due_at", "Ours: restriction.period.end"),
    },
    includes={
        "patient": Include(frozenset({"Patient"}), refer("for")),
        "subject": Include(frozenset({"Patient"}), refer("for")),
        "focus": Include(frozenset({"DetectedIssue", "Device"}), refer("focus")),
        "input": Include(frozenset({"Observation"}), refer("input", "valueReference")),
    },
    sorts={
        "authored-on": Key("t.created_at", "timestamptz"),
        "modified": Key("t.touched_at", "timestamptz"),
    },
)
