"""Attempts to reach a patient: of whom, how, and what came of it. Only ever added to."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID, uuid4

from pydantic import AwareDatetime, Field

from device_profiles.reading import Frozen
from gateway.errors import NotFound, WrongInput
from gateway.storage.database import Connection

ADD: Final = """
INSERT INTO contact_attempt (id, organisation_id, patient_id, task_id, at, channel, with_whom,
    outcome, author_id, author, note, created_at)
SELECT %(id)s, p.organisation_id, p.id, %(task)s, %(at)s, %(channel)s, %(with_whom)s, %(outcome)s,
    %(author_id)s, %(author)s, %(note)s, %(now)s
FROM patient p WHERE p.id = %(patient)s
  AND (%(task)s::uuid IS NULL OR EXISTS (SELECT FROM task t
    WHERE t.id = %(task)s AND t.patient_id = p.id))"""
LIST: Final = """
SELECT id, patient_id, task_id, at, channel, with_whom, outcome, author, note, created_at
FROM contact_attempt
WHERE (%(patient)s::uuid IS NULL OR patient_id = %(patient)s)
  AND (%(task)s::uuid IS NULL OR task_id = %(task)s)
  AND (%(at)s::timestamptz IS NULL OR (at, id) < (%(at)s, %(id)s::uuid))
ORDER BY at DESC, id DESC LIMIT %(limit)s"""


class Channel(StrEnum):
    """How somebody was called."""

    TELEPHONE = "telephone"
    VIDEO = "video"
    MESSAGE = "message"
    VISIT = "visit"


class WithWhom(StrEnum):
    """Who was called."""

    PATIENT = "patient"
    CARER = "carer"
    EMERGENCY_CONTACT = "emergency_contact"
    CLINICIAN = "clinician"
    EMERGENCY_SERVICE = "emergency_service"


class Reached(StrEnum):
    """What came of it."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    LEFT_MESSAGE = "left_message"
    BUSY = "busy"
    WRONG_PERSON = "wrong_person"
    DECLINED = "declined"


class NewContact(Frozen):
    """An attempt; without `at` it is made now."""

    channel: Channel
    with_whom: WithWhom = WithWhom.PATIENT
    outcome: Reached
    at: AwareDatetime | None = None
    task_id: UUID | None = None
    note: Annotated[str, Field(max_length=2000)] = ""


class ContactRow(Frozen):
    """An attempt, and who made it."""

    id: UUID
    patient_id: UUID
    task_id: UUID | None
    at: datetime
    channel: Channel
    with_whom: WithWhom
    outcome: Reached
    author: str
    note: str
    created_at: datetime

    @property
    def is_live(self) -> bool:
        """Tell whether somebody spoke with the patient or a carer, by telephone or video."""
        return (
            self.outcome is Reached.REACHED
            and self.channel in (Channel.TELEPHONE, Channel.VIDEO)
            and self.with_whom in (WithWhom.PATIENT, WithWhom.CARER)
        )


class Author(Frozen):
    """Who writes something down."""

    id: UUID
    name: str


def add_contact(
    connection: Connection, patient: UUID, new: NewContact, by: Author, now: datetime
) -> UUID:
    """Write an attempt down; return its id. Raises NotFound, WrongInput."""
    if new.at is not None and new.at > now:
        raise WrongInput("Nobody was called in the future.")
    row = {
        "id": (id_ := uuid4()),
        "patient": patient,
        "task": new.task_id,
        "at": new.at or now,
        "channel": new.channel,
        "with_whom": new.with_whom,
        "outcome": new.outcome,
        "author_id": by.id,
        "author": by.name,
        "note": new.note,
        "now": now,
    }
    if not connection.execute(ADD, row).rowcount:
        raise NotFound("There is no such patient, or no such task of theirs.")
    return id_


def list_contacts(
    connection: Connection,
    *,
    patient: UUID | None = None,
    task: UUID | None = None,
    after: Sequence[str] | None = None,
    limit: int = 50,
) -> tuple[ContactRow, ...]:
    """Return attempts, the newest first; `after` is time and id of the last one before."""
    at, id_ = after or (None, None)
    asked = {"patient": patient, "task": task, "at": at, "id": id_, "limit": limit}
    return tuple(ContactRow(**row) for row in connection.execute(LIST, asked))
