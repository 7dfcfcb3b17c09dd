"""A patient whom a request is about: there, and not closed to who asks."""

from typing import Annotated
from uuid import UUID

from fastapi import Path

from gateway.api.call import Call
from gateway.errors import Forbidden
from gateway.storage.closed import is_closed

PatientId = Annotated[UUID, Path(description="The patient's id.")]


class RecordClosed(Forbidden):
    """This patient's record is open to the care team only; break-glass opens it with a reason."""

    code = "record_closed"


def must_be_open(call: Call, patient: UUID) -> None:
    """Raise NotFound, RecordClosed."""
    if is_closed(call.connection, patient, call.who.id, call.now):
        raise RecordClosed


def looked_at(call: Call, patient: UUID, action: str) -> None:
    """Record that somebody sees it. Raises NotFound, RecordClosed."""
    must_be_open(call, patient)
    call.audit(action, patient=patient)
