"""Whose record is closed to whom, for lists: they show that there is something, and not what.

The name stays to be seen: by it the record is found, and opened, in an emergency.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.errors import NotFound
from gateway.storage.database import Connection
from gateway.storage.glass import VISIBLE, may_see_patient

# Of a patient `p`, for %(viewer)s at %(now)s. Nobody as a viewer: a program of the site itself.
CLOSED: Final = (
    f"(%(viewer)s::uuid IS NOT NULL AND NOT {VISIBLE.replace('%(person)s', '%(viewer)s')})"
)
OPEN: Final = f"""
SELECT p.id FROM patient p WHERE p.id = ANY(%(patients)s) AND NOT {CLOSED}"""  # noqa: S608 - constants only


def open_ones(
    connection: Connection, patients: Iterable[UUID], viewer: UUID, now: datetime
) -> frozenset[UUID]:
    """Return those of these patients whose record is not closed to somebody."""
    asked = {"patients": list(set(patients)), "viewer": viewer, "now": now}
    return frozenset(row["id"] for row in connection.execute(OPEN, asked))


def is_closed(connection: Connection, patient: UUID, viewer: UUID, now: datetime) -> bool:
    """Say whether a patient's record is closed to somebody. Raises NotFound."""
    visible = may_see_patient(connection, patient, viewer, now)
    if visible is None:
        raise NotFound("There is no such patient in this organisation.")
    return not visible
