"""Sessions: a browser's cookie is a random number, of which the database knows the digest."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from gateway.storage.database import Connection

IDLE: Final = timedelta(minutes=15)
LONGEST: Final = timedelta(hours=12)
# Written once a minute at most: a page asks often, and the limit is fifteen.
SEEN_EVERY: Final = timedelta(minutes=1)

OPEN: Final = """
INSERT INTO session (id, digest, person_id, organisation_id, by, agent, address, created_at,
    seen_at, ends_at, second_at)
VALUES (%(id)s, %(digest)s, %(person)s, %(organisation)s, %(by)s, %(agent)s, %(address)s, %(now)s,
    %(now)s, %(ends)s, %(second_at)s)"""
FIND: Final = """
SELECT s.id, s.person_id, s.organisation_id, s.seen_at, s.ends_at, s.second_at, s.by, o.name
    AS organisation_name, p.name, p.email, p.language, p.zone, p.demo,
    array(SELECT m.role FROM membership m WHERE m.person_id = s.person_id
          AND m.organisation_id = s.organisation_id) AS roles
FROM session s JOIN person p ON p.id = s.person_id JOIN organisation o ON o.id = s.organisation_id
WHERE s.digest = %(digest)s AND s.ended_at IS NULL AND s.ends_at > %(now)s
    AND s.seen_at > %(idle)s AND p.disabled_at IS NULL"""
SEEN: Final = "UPDATE session SET seen_at = %s WHERE id = %s AND seen_at < %s"
END: Final = "UPDATE session SET ended_at = %s WHERE id = %s AND ended_at IS NULL"
END_ALL: Final = """
UPDATE session SET ended_at = %(now)s WHERE person_id = %(person)s AND ended_at IS NULL
    AND id IS DISTINCT FROM %(but)s"""
END_ONE: Final = END + " AND person_id = %s"
OF_PERSON: Final = """
SELECT id, agent, address, by, created_at, seen_at, ends_at, second_at FROM session
WHERE person_id = %(person)s AND ended_at IS NULL AND ends_at > %(now)s AND seen_at > %(idle)s
ORDER BY seen_at DESC"""
SECOND: Final = "UPDATE session SET second_at = %s WHERE id = %s"
MOVE: Final = "UPDATE session SET organisation_id = %s WHERE id = %s"
ORGANISATIONS: Final = """
SELECT o.id, o.name, array_agg(m.role ORDER BY m.role) AS roles, min(m.since) AS since
FROM membership m JOIN organisation o ON o.id = m.organisation_id
WHERE m.person_id = %s GROUP BY o.id ORDER BY min(m.since), o.id"""


@dataclass(frozen=True, slots=True)
class NewSession:
    """What is known when somebody signs in."""

    digest: bytes
    person: UUID
    organisation: UUID
    by: str
    agent: str = ""
    address: str = ""
    second_at: datetime | None = None


def open_session(connection: Connection, new: NewSession, now: datetime) -> UUID:
    """Store a session; it ends by itself."""
    id_ = uuid4()
    values = {name: getattr(new, name) for name in NewSession.__slots__}
    connection.execute(OPEN, {**values, "id": id_, "now": now, "ends": now + LONGEST})
    return id_


def find_session(
    connection: Connection, digest: bytes, now: datetime, *, there: bool = True
) -> dict[str, Any] | None:
    """Return the session that is in force; where somebody is there, its idle limit moves on."""
    given = {"digest": digest, "now": now, "idle": now - IDLE}
    row = connection.execute(FIND, given).fetchone()
    if row is not None and there:
        seen = now - SEEN_EVERY
        if row["seen_at"] < seen:
            connection.execute(SEEN, [now, row["id"], seen])
    return row


def sessions_of(connection: Connection, person: UUID, now: datetime) -> list[dict[str, Any]]:
    """Return the sessions of a person that are in force."""
    given = {"person": person, "now": now, "idle": now - IDLE}
    return connection.execute(OF_PERSON, given).fetchall()


def end_session(connection: Connection, session: UUID, person: UUID, now: datetime) -> bool:
    """End one session of a person; say whether there was one."""
    return connection.execute(END_ONE, [now, session, person]).rowcount == 1


def end_sessions(
    connection: Connection, person: UUID, now: datetime, but: UUID | None = None
) -> int:
    """End all of somebody's sessions, perhaps but one; return how many there were."""
    return connection.execute(END_ALL, {"person": person, "now": now, "but": but}).rowcount


def show_second_factor(connection: Connection, session: UUID, now: datetime) -> None:
    """Note that a second factor was shown in this session."""
    connection.execute(SECOND, [now, session])


def organisations_of(connection: Connection, person: UUID) -> list[dict[str, Any]]:
    """Return where somebody is something, the longest first."""
    return connection.execute(ORGANISATIONS, [person]).fetchall()


def move_session(connection: Connection, session: UUID, organisation: UUID) -> None:
    """Go on in another organisation."""
    connection.execute(MOVE, [organisation, session])
