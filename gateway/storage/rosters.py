"""Rosters as rows, a new version for every change, and stand-ins for single days."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from alerting.on_call import StandIn
from alerting.pipeline.route import Directory
from alerting.roster import Roster, default_roster
from gateway.errors import NotFound, WrongInput
from gateway.storage.database import Connection

NEWEST: Final = """
SELECT version, loaded_at FROM roster WHERE organisation_id = %s ORDER BY version DESC LIMIT 1"""
BODY: Final = "SELECT body FROM roster WHERE organisation_id = %s AND version = %s"
STAND_INS: Final = """
SELECT schedule, day, person, reason FROM stand_in
WHERE organisation_id = %s AND day >= %s ORDER BY id"""
INSERT: Final = """
INSERT INTO roster (organisation_id, version, body, author, loaded_at)
SELECT %(organisation)s, coalesce(max(version), 0) + 1, %(body)s, %(author)s, %(now)s
FROM roster WHERE organisation_id = %(organisation)s RETURNING version"""
INSERT_STAND_IN: Final = """
INSERT INTO stand_in (organisation_id, schedule, day, person, reason, author, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)"""
ORGANISATION: Final = "SELECT FROM organisation WHERE id = %s FOR UPDATE"

# A day of a schedule may have begun the day before, and zones differ by a day.
BEFORE: Final = timedelta(days=2)

# A version never changes, so its document is read and checked once.
log = structlog.get_logger()
_known: Final[dict[UUID, tuple[tuple[int, datetime], Roster]]] = {}


def directory(connection: Connection, organisation: UUID, now: datetime) -> Directory:
    """Return an organisation's roster in force, or the default, with stand-ins from now on."""
    roster = _read(connection, organisation)
    instead: dict[str, list[StandIn]] = defaultdict(list)
    for found in connection.execute(STAND_INS, [organisation, (now - BEFORE).date()]).fetchall():
        if found["schedule"] in roster.schedules and found["person"] in roster.persons:
            instead[found["schedule"]].append(StandIn(**found))
    return Directory(roster, instead)


def _read(connection: Connection, organisation: UUID) -> Roster:
    newest = connection.execute(NEWEST, [organisation]).fetchone()
    if newest is None:
        return default_roster()
    key = (newest["version"], newest["loaded_at"])
    known = _known.get(organisation)
    if known is None or known[0] != key:
        found = connection.execute(BODY, [organisation, newest["version"]]).fetchone()
        known = (key, _checked(found["body"] if found else None, organisation))
        _known[organisation] = known
    return known[1]


def _checked(body: object, organisation: UUID) -> Roster:
    """Return a stored roster; where this version cannot read it, all is on the console."""
    try:
        return Roster.model_validate(body)
    except ValidationError:
        log.error("roster_cannot_be_read", organisation=str(organisation), do="oncall load")  # noqa: TRY400
        return default_roster()


def add_roster(
    connection: Connection, organisation: UUID, roster: Roster, author: str, now: datetime
) -> int:
    """Write a roster, in force from its commit; return its version. Raises NotFound."""
    if connection.execute(ORGANISATION, [organisation]).fetchone() is None:
        raise NotFound(f"No organisation {organisation}.")
    body = Jsonb(roster.model_dump(mode="json"))
    row = {"organisation": organisation, "body": body, "author": author, "now": now}
    found = connection.execute(INSERT, row).fetchone()
    return int(found["version"]) if found else 0


def add_stand_in(
    connection: Connection, organisation: UUID, stand_in: StandIn, author: str, now: datetime
) -> None:
    """Write who stands in for a day. Raises WrongInput where the roster has no such names."""
    roster = directory(connection, organisation, now).roster
    if stand_in.schedule not in roster.schedules:
        raise WrongInput(f"No schedule {stand_in.schedule!r} in this organisation's roster.")
    if stand_in.person not in roster.persons:
        raise WrongInput(f"No person {stand_in.person!r} in this organisation's roster.")
    row = [organisation, stand_in.schedule, stand_in.day, stand_in.person, stand_in.reason]
    connection.execute(INSERT_STAND_IN, [*row, author, now])
