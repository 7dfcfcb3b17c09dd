"""Care teams: who cares for whom, and who was in which team when."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final, Literal
from uuid import UUID, uuid4

import psycopg

from device_profiles.reading import Frozen
from gateway.errors import Changed, Conflict, NotFound, WrongInput
from gateway.storage.database import Connection

Function = Literal[
    "lead",
    "physician",
    "nurse",
    "coordinator",
    "pharmacist",
    "dietitian",
    "therapist",
    "social_worker",
    "technician",
    "other",
]

ADD: Final = """
INSERT INTO care_team (id, organisation_id, name, created_by, created_at)
VALUES (%(id)s, %(organisation)s, %(name)s, %(by)s, %(now)s)"""
TEAMS: Final = """
SELECT t.id, t.name, t.version, t.created_at,
    (SELECT count(*) FROM care_team_member m WHERE m.care_team_id = t.id AND m.until IS NULL)
        AS members,
    (SELECT count(*) FROM patient p WHERE p.care_team_id = t.id) AS patients
FROM care_team t"""
PAGE: Final = """
WHERE %(after)s::uuid IS NULL OR (lower(t.name), t.id) >
    (SELECT lower(l.name), l.id FROM care_team l WHERE l.id = %(after)s)
ORDER BY lower(t.name), t.id LIMIT %(limit)s"""
MEMBERS: Final = """
SELECT m.person_id, p.name, m.function, m.since
FROM care_team_member m JOIN app_person p ON p.id = m.person_id
WHERE m.care_team_id = %s AND m.until IS NULL
ORDER BY m.function <> 'lead', lower(p.name), m.person_id"""
# The row is locked: two people change a team one after the other.
CHANGE: Final = """
UPDATE care_team SET name = coalesce(%(name)s, name), version = version + 1
WHERE id = %(id)s AND version = %(version)s RETURNING version"""
LEAVE: Final = """
UPDATE care_team_member SET until = greatest(%(now)s, since)
WHERE care_team_id = %(team)s AND person_id = %(person)s AND until IS NULL RETURNING function"""
JOIN: Final = """
INSERT INTO care_team_member (organisation_id, care_team_id, person_id, function, since)
SELECT organisation_id, id, %(person)s, %(function)s, %(now)s FROM care_team WHERE id = %(team)s"""
COLLEAGUE: Final = "SELECT 1 FROM app_person WHERE id = %s AND disabled_at IS NULL"
COLLEAGUES: Final = """
SELECT id, name, roles FROM app_person WHERE disabled_at IS NULL ORDER BY lower(name), id"""
MEMBER: Final = """
SELECT 1 FROM care_team_member m JOIN patient p ON p.care_team_id = m.care_team_id
WHERE p.id = %s AND m.person_id = %s AND m.until IS NULL"""
# Whether to be in the team would open records that are closed to this person now.
OPENS: Final = """
SELECT EXISTS (SELECT FROM patient WHERE care_team_id = %(team)s AND restricted)
    AND NOT EXISTS (SELECT FROM care_team_member
        WHERE care_team_id = %(team)s AND person_id = %(person)s AND until IS NULL) AS opens"""
BY_NAME: Final = "SELECT id, name FROM care_team WHERE organisation_id = %s"


class Team(Frozen):
    """A care team; `version` is what a change has to name."""

    id: UUID
    name: str
    version: int
    created_at: datetime
    members: int
    patients: int


class Member(Frozen):
    """Somebody who is in a team now, and what for."""

    person_id: UUID
    name: str
    function: Function
    since: datetime


def add_team(connection: Connection, organisation: UUID, name: str, by: str, now: datetime) -> UUID:
    """Make a team; return its id. Raises Conflict where the name is taken."""
    id_ = uuid4()
    told = {"id": id_, "organisation": organisation, "name": name, "by": by, "now": now}
    with _names_differ():
        connection.execute(ADD, told)
    return id_


def teams(
    connection: Connection, *, after: UUID | None = None, limit: int = 200
) -> tuple[Team, ...]:
    """Return the teams by name; `after` is the last one of the page before."""
    rows = connection.execute(TEAMS + PAGE, {"after": after, "limit": limit})
    return tuple(Team(**row) for row in rows)


def team(connection: Connection, id_: UUID) -> Team:
    """Return a team. Raises NotFound."""
    row = connection.execute(TEAMS + "\nWHERE t.id = %s", [id_]).fetchone()
    if row is None:
        raise NotFound("There is no such care team in this organisation.")
    return Team(**row)


def members(connection: Connection, id_: UUID) -> tuple[Member, ...]:
    """Return who is in a team now, who leads it first. The app role's: it reads colleagues."""
    return tuple(Member(**row) for row in connection.execute(MEMBERS, [id_]))


def change_team(connection: Connection, id_: UUID, version: int, name: str | None = None) -> int:
    """Name it anew, or only take the next version; return that. Raises Changed, NotFound."""
    with _names_differ():
        told = {"id": id_, "version": version, "name": name}
        row = connection.execute(CHANGE, told).fetchone()
    if row is None:
        team(connection, id_)
        raise Changed
    return int(row["version"])


def put_member(
    connection: Connection, id_: UUID, person: UUID, function: Function, now: datetime
) -> None:
    """Take a colleague into a team, or give them another function. Raises WrongInput."""
    if connection.execute(COLLEAGUE, [person]).fetchone() is None:
        raise WrongInput("This person is not of this organisation.")
    connection.execute(LEAVE, {"team": id_, "person": person, "now": now})
    told = {"team": id_, "person": person, "function": function, "now": now}
    connection.execute(JOIN, told)


def opens_records(connection: Connection, id_: UUID, person: UUID) -> bool:
    """Say whether somebody would see restricted patients by being taken in."""
    row = connection.execute(OPENS, {"team": id_, "person": person}).fetchone()
    return bool(row and row["opens"])


def end_member(connection: Connection, id_: UUID, person: UUID, now: datetime) -> None:
    """Let somebody go. Raises NotFound."""
    told = {"team": id_, "person": person, "now": now}
    if connection.execute(LEAVE, told).fetchone() is None:
        raise NotFound("This person is not in this team.")


def colleagues(connection: Connection) -> list[dict[str, object]]:
    """Return who can be taken into a team."""
    return list(connection.execute(COLLEAGUES).fetchall())


def cares_for(connection: Connection, person: UUID, patient: UUID) -> bool:
    """Say whether somebody is in a patient's care team."""
    return connection.execute(MEMBER, [patient, person]).fetchone() is not None


def by_name(connection: Connection, organisation: UUID) -> dict[str, UUID]:
    """Return the teams of an organisation by their names, in lower case."""
    rows = connection.execute(BY_NAME, [organisation])
    return {row["name"].lower(): row["id"] for row in rows}


@contextmanager
def _names_differ() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.UniqueViolation:
        raise Conflict("A care team has this name already.") from None
