"""Restricted patients: seen by their care team, and by who broke the glass within the hour."""

from uuid import UUID

from gateway.api.call import Call
from gateway.errors import Forbidden, NotFound
from gateway.storage.care_teams import opens_records
from gateway.storage.glass import may_see_patient


class Restricted(Forbidden):
    """This record is restricted to the patient's care team; it opens with a reason, for an hour."""

    code = "restricted"


def may_see(call: Call, patient: UUID) -> bool:
    """Say whether who asks may see this patient. Raises NotFound."""
    visible = may_see_patient(call.connection, patient, call.who.id, call.now)
    if visible is None:
        raise NotFound
    return visible


def must_see(call: Call, patient: UUID) -> None:
    """Raise Restricted where who asks may not see this patient, NotFound where there is none."""
    if not may_see(call, patient):
        raise Restricted


def must_be_taken_in(call: Call, team: UUID, person: UUID) -> None:
    """Raise Restricted where somebody takes themselves into a team to see its patients."""
    if person == call.who.id and opens_records(call.connection, team, person):
        raise Restricted
