"""Demo people: one for each role, with a password that is written on the page."""

from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.access.passwords import hashed
from gateway.access.rights import Role
from gateway.storage.database import Connection
from gateway.storage.people import (
    NewPerson,
    add_person,
    give_roles,
    person_by_email,
    set_password,
)

PASSWORD: Final = "hearthline demo people"  # noqa: S105 - it is on the page
PEOPLE: Final = {
    Role.COORDINATOR: "Cora Coordinator",
    Role.CLINICIAN: "Clive Clinician",
    Role.TECHNICIAN: "Tess Technician",
    Role.ADMINISTRATOR: "Ada Administrator",
    Role.AUDITOR: "Otto Auditor",
}


def address(role: Role) -> str:
    """Return a demo person's e-mail address; there is no mail at .example (RFC 2606)."""
    return f"{role}@demo.example"


def add_demo_people(
    connection: Connection, organisation: UUID, zone: str, now: datetime
) -> dict[Role, str]:
    """Register a demo person for each role, as the database's owner; return their addresses."""
    stored = hashed(PASSWORD)
    for role, name in PEOPLE.items():
        known = person_by_email(connection, address(role))
        new = NewPerson(name, address(role), zone=zone, demo=True)
        person = known["id"] if known else add_person(connection, new, now)
        set_password(connection, person, stored, now)
        give_roles(connection, organisation, person, [role], now)
    return {role: address(role) for role in PEOPLE}
