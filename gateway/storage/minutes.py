"""Minutes that people worked for a patient: dated, of one person, and each of them once."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID, uuid4

from pydantic import AwareDatetime, Field

from device_profiles.reading import Frozen
from gateway.errors import Conflict, NotFound, WrongInput
from gateway.storage.contacts import Author
from gateway.storage.database import Connection

LONGEST: Final = timedelta(hours=8)

# One person's entries are written one after the other: what overlaps is seen.
LOCK: Final = "SELECT pg_advisory_xact_lock(18508, hashtext(%s))"
OVERLAP: Final = """
SELECT FROM time_entry WHERE person_id = %(person_id)s AND voided_at IS NULL
  AND began_at < %(ended_at)s AND ended_at > %(began_at)s"""
FREE: Final = """
SELECT lower(part) AS began, upper(part) AS ended
FROM unnest(tstzmultirange(tstzrange(%(began_at)s, %(ended_at)s)) - coalesce(
    (SELECT range_agg(tstzrange(began_at, ended_at)) FROM time_entry
     WHERE person_id = %(person_id)s AND voided_at IS NULL
       AND began_at < %(ended_at)s AND ended_at > %(began_at)s), '{}')) AS part
ORDER BY upper(part) - lower(part) DESC, began"""
ADD: Final = """
INSERT INTO time_entry (id, organisation_id, patient_id, task_id, person_id, person, activity, live,
    qualified, began_at, ended_at, created_at)
SELECT %(id)s, p.organisation_id, p.id, %(task_id)s, %(person_id)s, %(person)s, %(activity)s,
    %(live)s, %(qualified)s, %(began_at)s, %(ended_at)s, %(now)s
FROM patient p WHERE p.id = %(patient)s
  AND (%(task_id)s::uuid IS NULL OR EXISTS (SELECT FROM task t
    WHERE t.id = %(task_id)s AND t.patient_id = p.id))"""
VOID: Final = """
UPDATE time_entry SET voided_at = %(now)s, voided_by = %(by)s, void_reason = %(reason)s
WHERE id = %(id)s AND patient_id = %(patient)s AND voided_at IS NULL"""
LIST: Final = """
SELECT e.id, e.patient_id, e.task_id, e.person_id, e.person, e.activity, e.live, e.qualified,
    e.began_at, e.ended_at, e.created_at, e.voided_at, e.voided_by, e.void_reason
FROM time_entry e JOIN patient p ON p.id = e.patient_id
WHERE e.patient_id = %(patient)s
  AND e.began_at >= %(since)s::date::timestamp AT TIME ZONE p.timezone
  AND e.began_at < %(until)s::date::timestamp AT TIME ZONE p.timezone
ORDER BY e.began_at, e.id"""
FIND: Final = LIST[: LIST.index("WHERE")] + "WHERE e.id = %s"


class Activity(StrEnum):
    """What the time was for."""

    REVIEW = "review"
    CALL = "call"
    VISIT = "visit"
    EDUCATION = "education"
    COORDINATION = "coordination"
    CARE_PLAN = "care_plan"
    DOCUMENTATION = "documentation"
    SET_UP = "set_up"


class TimeTaken(Conflict):
    """A part of this time is written down already, for this or another patient."""


class NewTime(Frozen):
    """A stretch of work. `live`: real-time audio or video with the patient or a carer.

    `qualified`: by a physician or another qualified health professional.
    """

    activity: Activity
    began_at: AwareDatetime
    ended_at: AwareDatetime
    live: bool = False
    qualified: bool = False
    task_id: UUID | None = None


class TimeRow(Frozen):
    """A stretch of work of somebody; one that is voided counts no more."""

    id: UUID
    patient_id: UUID
    task_id: UUID | None
    person_id: UUID
    person: str
    activity: Activity
    live: bool
    qualified: bool
    began_at: datetime
    ended_at: datetime
    created_at: datetime
    voided_at: datetime | None
    voided_by: str | None
    void_reason: str | None

    @property
    def length(self) -> timedelta:
        """Return how long it was."""
        return self.ended_at - self.began_at


class Voiding(Frozen):
    """Why an entry was wrong."""

    reason: Annotated[str, Field(min_length=3, max_length=500)]


def must_be_a_stretch(began: datetime, ended: datetime) -> None:
    """Raise WrongInput for what nobody worked in one go."""
    if not timedelta(0) < ended - began <= LONGEST:
        raise WrongInput("Work ends after it began, and within 8 hours.")


def add_time(
    connection: Connection, patient: UUID, new: NewTime, by: Author, now: datetime
) -> UUID:
    """Write time down; return its id. Raises NotFound, WrongInput, TimeTaken for a minute twice."""
    must_be_a_stretch(new.began_at, new.ended_at)
    if new.ended_at > now:
        raise WrongInput("Work that is not done yet does not count.")
    row: dict[str, Any] = dict(new) | {
        "id": (id_ := uuid4()),
        "patient": patient,
        "person_id": by.id,
        "person": by.name,
        "now": now,
    }
    connection.execute(LOCK, [str(by.id)])
    if connection.execute(OVERLAP, row).fetchone() is not None:
        raise TimeTaken
    if not connection.execute(ADD, row).rowcount:
        raise NotFound("There is no such patient, or no such task of theirs.")
    return id_


def free_time(
    connection: Connection, person: UUID, began: datetime, ended: datetime
) -> list[tuple[datetime, datetime]]:
    """Return the parts that nobody wrote down for a person, the longest first.

    They stay free until the transaction ends.
    """
    connection.execute(LOCK, [str(person)])
    asked = {"person_id": person, "began_at": began, "ended_at": ended}
    return [(row["began"], row["ended"]) for row in connection.execute(FREE, asked)]


def void_time(
    connection: Connection, patient: UUID, entry: UUID, reason: str, by: Author, now: datetime
) -> None:
    """Say that an entry was wrong; it stays, and counts no more. Raises NotFound."""
    row = {"id": entry, "patient": patient, "reason": reason, "by": by.name, "now": now}
    if not connection.execute(VOID, row).rowcount:
        raise NotFound("There is no such entry that counts.")


def list_time(connection: Connection, patient: UUID, since: date, until: date) -> Sequence[TimeRow]:
    """Return entries that began in these days of the patient's; `until` is not in it."""
    asked = {"patient": patient, "since": since, "until": until}
    return [TimeRow(**row) for row in connection.execute(LIST, asked)]


def find_time(connection: Connection, entry: UUID) -> TimeRow:
    """Return one entry. Raises NotFound."""
    row = connection.execute(FIND, [entry]).fetchone()
    if row is None:
        raise NotFound("There is no such entry.")
    return TimeRow(**row)
