"""Communication: an attempt to reach a patient, or somebody for them."""

from typing import Final

from gateway.access.rights import Right
from gateway.fhir.params import Date, Reference, Token, to
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
from gateway.fhir.systems import EVENT_STATUS, PERSON, REACHED, concept

MODES: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"
CHANNELS: Final = {
    "telephone": "PHONE",
    "video": "VIDEOCONF",
    "message": "WRITTEN",
    "visit": "FACE",
}
STATUSES: Final = {
    "completed": ["reached", "left_message"],
    "not-done": ["no_answer", "busy", "wrong_person", "declined"],
}


def build(row: Row) -> Built:
    """Return a Communication."""
    done = row["outcome"] in STATUSES["completed"]
    made = base(row, "Communication") | {
        "status": "completed" if done else "not-done",
        "statusReason": concept(REACHED, row["outcome"]),
        "medium": [concept(MODES, CHANNELS[row["channel"]], row["channel"])],
        "subject": reference("Patient", row["patient"]),
        "sent": instant(row["at"]),
        "sender": {
            "type": "Practitioner",
            "identifier": {"system": PERSON, "value": str(row["author_id"])},
            "display": row["author"],
        },
    }
    to_patient = row["with_whom"] == "patient"
    made["recipient"] = [
        reference("Patient", row["patient"]) if to_patient else {"display": row["with_whom"]}
    ]
    if row["task_id"]:
        made["about"] = [reference("Task", row["task_id"])]
    if row["note"]:
        made["note"] = [
            {
                "authorString": row["author"],
                "time": instant(row["created_at"]),
                "text": row["note"],
            }
        ]
    return made


RESOURCE: Final = Resource(
    type="Communication",
    rights=frozenset({Right.PATIENTS_READ}),
    named="contact",
    columns="""c.id, c.task_id, c.at, c.channel, c.with_whom, c.outcome, c.author, c.author_id,
        c.note, c.created_at""",
    source="contact_attempt c JOIN patient p ON p.id = c.patient_id",
    build=build,
    by_id=of_uuid("c.id"),
    keys=(Key("c.id", "uuid"),),
    updated="c.touched_at",
    params={
        "status": Token("c.outcome", STATUSES, EVENT_STATUS),
        "patient": Reference({"Patient": to("p.id")}),
        "subject": Reference({"Patient": to("p.id")}),
        "about": Reference({"Task": to("c.task_id")}, "Ours: of a task"),
        "sent": Date("c.at"),
    },
    includes={
        "patient": Include(frozenset({"Patient"}), refer("subject")),
        "subject": Include(frozenset({"Patient"}), refer("subject")),
        "about": Include(frozenset({"Task"}), refer("about")),
    },
    sorts={"sent": Key("c.at", "timestamptz")},
)
