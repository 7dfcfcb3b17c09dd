"""A patient whom a request is about: there, and not closed to who asks."""

from typing import Annotated
from uuid import UUID

from fastapi import Path

from gateway.access.restricted import must_see
from gateway.api.call import Call

PatientId = Annotated[UUID, Path(description="The patient's id.")]


def looked_at(call: Call, patient: UUID, action: str) -> None:
    """Record that somebody sees or changes it. Raises NotFound, Restricted."""
    must_see(call, patient)
    call.audit(action, patient=patient)


must_be_open = must_see
