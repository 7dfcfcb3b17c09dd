"""Whose record is closed to whom: a restricted patient's, to all but the care team.

For an hour it opens to who gave a reason (break-glass). The name stays to be seen: by it the record
is found, and opened, in an emergency.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.errors import NotFound
from gateway.storage.database import Connection

# Of a patient `p`, for %(viewer)s at %(now)s. Nobody as a viewer: a program of the site itself.
CLOSED: Final = """
(p.restricted AND %(viewer)s::uuid IS NOT NULL
    AND NOT EXISTS (SELECT FROM care_team_member m WHERE m.care_team_id = p.care_team_id
        AND m.person_id = %(viewer)s AND m.since <= %(now)s
        AND (m.until IS NULL OR m.until > %(now)s))
    AND NOT EXISTS (SELECT FROM break_glass b WHERE b.organisation_id = p.organisation_id
        AND b.patient_id = p.id AND b.person_id = %(viewer)s
        AND b.at <= %(now)s AND b.ends_at > %(now)s))"""

ASK: Final = f"SELECT {CLOSED} AS closed FROM patient p WHERE p.id = %(patient)s"  # noqa: S608 - constants only


def is_closed(connection: Connection, patient: UUID, viewer: UUID, now: datetime) -> bool:
    """Say whether a patient's record is closed to somebody. Raises NotFound."""
    asked = {"patient": patient, "viewer": viewer, "now": now}
    row = connection.execute(ASK, asked).fetchone()
    if row is None:
        raise NotFound("There is no such patient in this organisation.")
    return bool(row["closed"])
