"""Notes on a patient: only ever added to; one that corrects another names it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID, uuid4

from pydantic import AwareDatetime, Field

from device_profiles.reading import Frozen
from gateway.errors import NotFound, WrongInput
from gateway.storage.contacts import Author
from gateway.storage.database import Connection

ADD: Final = """
INSERT INTO note (id, organisation_id, patient_id, task_id, corrects, about, text, author_id,
    author, created_at)
SELECT %(id)s, p.organisation_id, p.id, %(task)s, %(corrects)s, %(about)s, %(text)s,
    %(author_id)s, %(author)s, %(now)s
FROM patient p WHERE p.id = %(patient)s
  AND (%(task)s::uuid IS NULL OR EXISTS (SELECT FROM task t
    WHERE t.id = %(task)s AND t.patient_id = p.id))
  AND (%(corrects)s::uuid IS NULL OR EXISTS (SELECT FROM note n
    WHERE n.id = %(corrects)s AND n.patient_id = p.id))"""
LIST: Final = """
SELECT n.id, n.patient_id, n.task_id, n.corrects, n.about, n.text, n.author, n.created_at,
    EXISTS (SELECT FROM note c WHERE c.corrects = n.id) AS corrected
FROM note n
WHERE n.patient_id = %(patient)s AND (%(task)s::uuid IS NULL OR n.task_id = %(task)s)
  AND n.about >= coalesce(%(since)s, '-infinity'::timestamptz)
  AND n.about < coalesce(%(until)s, 'infinity'::timestamptz)
  AND (%(at)s::timestamptz IS NULL OR (n.about, n.id) < (%(at)s, %(id)s::uuid))
ORDER BY n.about DESC, n.id DESC LIMIT %(limit)s"""


class NewNote(Frozen):
    """A note about a moment; without `about` it is about now."""

    text: Annotated[str, Field(min_length=1, max_length=4000)]
    about: AwareDatetime | None = None
    task_id: UUID | None = None
    corrects: UUID | None = None


class NoteRow(Frozen):
    """A note, who wrote it, and whether another one corrects it."""

    id: UUID
    patient_id: UUID
    task_id: UUID | None
    corrects: UUID | None
    corrected: bool
    about: datetime
    text: str
    author: str
    created_at: datetime


def add_note(
    connection: Connection, patient: UUID, new: NewNote, by: Author, now: datetime
) -> UUID:
    """Write a note; return its id. Raises NotFound, WrongInput."""
    if not new.text.strip():
        raise WrongInput("A note says something.")
    row = {
        "id": (id_ := uuid4()),
        "patient": patient,
        "task": new.task_id,
        "corrects": new.corrects,
        "about": new.about or now,
        "text": new.text.strip(),
        "author_id": by.id,
        "author": by.name,
        "now": now,
    }
    if not connection.execute(ADD, row).rowcount:
        raise NotFound("There is no such patient, or no such task or note of theirs.")
    return id_


def list_notes(
    connection: Connection,
    patient: UUID,
    *,
    task: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after: Sequence[str] | None = None,
    limit: int = 50,
) -> tuple[NoteRow, ...]:
    """Return notes, the newest moment first; `after` is moment and id of the last one before."""
    at, id_ = after or (None, None)
    asked = {
        "patient": patient,
        "task": task,
        "since": since,
        "until": until,
        "at": at,
        "id": id_,
        "limit": limit,
    }
    return tuple(NoteRow(**row) for row in connection.execute(LIST, asked))
