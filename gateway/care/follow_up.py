"""A task that people make: what must not be forgotten, by when, and after which other task."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID, uuid4

from pydantic import AwareDatetime, Field

from alerting.model import Queue, Severity
from device_profiles.reading import Frozen
from gateway.care.tasks import TELL
from gateway.errors import WrongInput
from gateway.storage.database import Connection
from gateway.storage.events import record
from gateway.storage.homes import must_exist

INSERT: Final = """
INSERT INTO task (id, organisation_id, patient_id, follows, queue, priority, title, sentence,
    owner, owner_id, due_at, created_at)
VALUES (%(id)s, %(organisation)s, %(patient)s, %(follows)s, %(queue)s, %(priority)s, %(title)s,
    %(sentence)s, %(owner)s, %(owner_id)s, %(due)s, %(now)s)"""


class NewTask(Frozen):
    """What to do for a patient, and by when. It is asked of whom `owner` names, or of everybody."""

    title: Annotated[str, Field(min_length=3, max_length=200)]
    why: Annotated[str, Field(min_length=3, max_length=500)]
    due_at: AwareDatetime
    priority: Severity = Severity.P4
    queue: Queue = "clinical"


def make_task(
    connection: Connection,
    organisation: UUID,
    patient: UUID,
    new: NewTask,
    by: str,
    now: datetime,
    *,
    follows: UUID | None = None,
    owner: tuple[UUID, str] | None = None,
) -> UUID:
    """Make a task by hand; return its id. Raises NotFound, WrongInput."""
    must_exist(connection, "patient", patient, organisation)
    if new.due_at <= now:
        raise WrongInput("A task is due at a moment to come.")
    task = uuid4()
    owner_id, name = owner or (None, None)
    told = {
        "id": task,
        "organisation": organisation,
        "patient": patient,
        "follows": follows,
        "queue": new.queue,
        "priority": new.priority,
        "title": new.title,
        "sentence": new.why,
        "owner": name,
        "owner_id": owner_id,
        "due": new.due_at,
        "now": now,
    }
    connection.execute(INSERT, told)
    after = str(follows) if follows else None
    record(connection, organisation, "task_made", now, task=task, actor=by, follows=after)
    connection.execute(TELL, [str(task)])
    return task
