"""People, and what they are in which organisation."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from gateway.access.rights import Role
from gateway.errors import NotFound
from gateway.storage.database import Connection

ADD: Final = """
INSERT INTO person (id, name, email, language, zone, demo, created_at)
VALUES (%(id)s, %(name)s, lower(%(email)s), %(language)s, %(zone)s, %(demo)s, %(now)s)"""
BY_EMAIL: Final = """
SELECT p.id, p.name, p.email, p.language, p.zone, p.demo, p.disabled_at, w.hash
FROM person p LEFT JOIN password w ON w.person_id = p.id WHERE p.email = lower(%s)"""
BY_ID: Final = BY_EMAIL.replace("p.email = lower(%s)", "p.id = %s")
SET_HASH: Final = """
INSERT INTO password (person_id, hash, changed_at) VALUES (%s, %s, %s)
ON CONFLICT (person_id) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at"""
GIVE: Final = """
INSERT INTO membership (organisation_id, person_id, role, since, given_by)
VALUES (%(organisation)s, %(person)s, %(role)s, %(now)s, %(by)s) ON CONFLICT DO NOTHING"""
TAKE: Final = """
DELETE FROM membership WHERE organisation_id = %s AND person_id = %s AND role = %s"""
ROLES: Final = "SELECT role FROM membership WHERE organisation_id = %s AND person_id = %s"
# Locked, so that of two administrators who remove each other one is told.
ADMINISTRATORS: Final = """
SELECT m.person_id FROM membership m JOIN person p ON p.id = m.person_id
WHERE m.organisation_id = %s AND m.role = 'administrator' AND p.disabled_at IS NULL
FOR UPDATE OF m"""
DISABLE: Final = "UPDATE person SET disabled_at = %s WHERE id = %s"
CHANGE: Final = "UPDATE person SET name = %s, language = %s, zone = %s WHERE id = %s"
NAMED: Final = "SELECT id FROM organisation WHERE name = %s ORDER BY created_at LIMIT 1"
OLDEST: Final = "SELECT name FROM organisation ORDER BY created_at LIMIT 1"
ANYBODY: Final = "SELECT EXISTS (SELECT FROM person WHERE NOT demo) AS there"
LIST: Final = """
SELECT p.id, p.name, p.email, p.language, p.zone, p.demo, p.disabled_at,
    array_agg(m.role ORDER BY m.role) AS roles,
    w.person_id IS NOT NULL AS has_password,
    EXISTS (SELECT FROM totp t WHERE t.person_id = p.id AND t.confirmed_at IS NOT NULL) OR
    EXISTS (SELECT FROM passkey k WHERE k.person_id = p.id) AS has_second,
    (SELECT max(seen_at) FROM session s WHERE s.person_id = p.id) AS last_seen
FROM membership m JOIN person p ON p.id = m.person_id LEFT JOIN password w ON w.person_id = p.id
WHERE m.organisation_id = %s
GROUP BY p.id, w.person_id ORDER BY p.name, p.id"""


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody who shall be able to sign in."""

    name: str
    email: str
    language: str = "en"
    zone: str = "UTC"
    demo: bool = False


def add_person(connection: Connection, new: NewPerson, now: datetime) -> UUID:
    """Register somebody. Raises Conflict where the address is taken."""
    id_ = uuid4()
    values = {name: getattr(new, name) for name in NewPerson.__slots__}
    connection.execute(ADD, {**values, "id": id_, "now": now})
    return id_


def person_by_email(connection: Connection, email: str) -> dict[str, Any] | None:
    """Return somebody with their password's hash, or nothing."""
    return connection.execute(BY_EMAIL, [email]).fetchone()


def person_by_id(connection: Connection, person: UUID) -> dict[str, Any]:
    """Return somebody with their password's hash. Raises NotFound."""
    row = connection.execute(BY_ID, [person]).fetchone()
    if row is None:
        raise NotFound
    return row


def set_password(connection: Connection, person: UUID, hashed: str, now: datetime) -> None:
    """Store the hash of somebody's password."""
    connection.execute(SET_HASH, [person, hashed, now])


def give_roles(
    connection: Connection,
    organisation: UUID,
    person: UUID,
    roles: Iterable[Role],
    now: datetime,
    by: UUID | None = None,
) -> None:
    """Make somebody something in an organisation."""
    for role in roles:
        connection.execute(
            GIVE,
            {"organisation": organisation, "person": person, "role": role, "now": now, "by": by},
        )


def take_role(connection: Connection, organisation: UUID, person: UUID, role: Role) -> None:
    """End what somebody is in an organisation."""
    connection.execute(TAKE, [organisation, person, role])


def roles_in(connection: Connection, organisation: UUID, person: UUID) -> frozenset[Role]:
    """Return what somebody is in an organisation."""
    rows = connection.execute(ROLES, [organisation, person]).fetchall()
    return frozenset(Role(row["role"]) for row in rows)


def administrators(connection: Connection, organisation: UUID) -> frozenset[UUID]:
    """Return who administers an organisation; nobody else changes that until the commit."""
    rows = connection.execute(ADMINISTRATORS, [organisation]).fetchall()
    return frozenset(row["person_id"] for row in rows)


def set_disabled(connection: Connection, person: UUID, at: datetime | None) -> None:
    """Let somebody sign in no more, or again."""
    connection.execute(DISABLE, [at, person])


def change_person(
    connection: Connection, person: UUID, name: str, language: str, zone: str
) -> None:
    """Change what somebody says of themselves."""
    connection.execute(CHANGE, [name, language, zone, person])


def organisation_named(connection: Connection, name: str) -> UUID | None:
    """Return the organisation of this name."""
    row = connection.execute(NAMED, [name]).fetchone()
    return row["id"] if row else None


def organisation_exists(connection: Connection, organisation: UUID) -> bool:
    """Say whether there is an organisation of this id."""
    row = connection.execute("SELECT FROM organisation WHERE id = %s", [organisation]).fetchone()
    return row is not None


def oldest_organisation(connection: Connection) -> str:
    """Return the name of the organisation that was there first, if any."""
    row = connection.execute(OLDEST).fetchone()
    return row["name"] if row else ""


def somebody_is_registered(connection: Connection) -> bool:
    """Say whether there is anybody but demo people."""
    row = connection.execute(ANYBODY).fetchone()
    return bool(row and row["there"])


def people_of(connection: Connection, organisation: UUID) -> list[dict[str, Any]]:
    """Return who is something in an organisation, and how they sign in."""
    return connection.execute(LIST, [organisation]).fetchall()
