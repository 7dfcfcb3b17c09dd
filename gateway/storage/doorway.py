"""Before somebody is signed in: one-time links, steps of a sign-in, and how often it was tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from gateway.storage.database import Connection

TRIES_WITHIN: Final = timedelta(minutes=15)

ADD_LINK: Final = """
INSERT INTO invitation (id, digest, kind, organisation_id, person_id, name, email, roles, made_by,
    created_at, ends_at)
VALUES (%(id)s, %(digest)s, %(kind)s, %(organisation)s, %(person)s, %(name)s, %(email)s, %(roles)s,
    %(by)s, %(now)s, %(ends)s)"""
# An earlier link of the same kind for the same person is good for nothing from now on.
END_LINKS: Final = """
UPDATE invitation SET ends_at = %(now)s WHERE used_at IS NULL AND ends_at > %(now)s
    AND kind = %(kind)s AND person_id IS NOT DISTINCT FROM %(person)s"""
LINK: Final = """
SELECT i.id, i.kind, i.organisation_id, i.person_id, p.name, p.email FROM invitation i
LEFT JOIN person p ON p.id = i.person_id
WHERE i.digest = %(digest)s AND i.used_at IS NULL AND i.ends_at > %(now)s
    AND p.disabled_at IS NULL"""
USE_LINK: Final = """
UPDATE invitation SET used_at = %(now)s
WHERE digest = %(digest)s AND used_at IS NULL AND ends_at > %(now)s RETURNING id"""
BEGIN: Final = """
INSERT INTO ceremony (digest, kind, person_id, body, ends_at) VALUES (%s, %s, %s, %s, %s)"""
LOOK: Final = """
SELECT person_id, body FROM ceremony WHERE digest = %s AND kind = %s AND ends_at > %s"""
FINISH: Final = """
DELETE FROM ceremony WHERE digest = %s AND kind = %s AND ends_at > %s RETURNING person_id, body"""
TRY: Final = """
INSERT INTO sign_in_try (at, account, address, failed) VALUES (%s, %s, %s, true) RETURNING id"""
RIGHT: Final = "UPDATE sign_in_try SET failed = false WHERE id = %s"
FAILED: Final = """
SELECT (SELECT count(*) FROM sign_in_try WHERE failed AND account = %(account)s AND at > %(since)s)
           AS account,
       (SELECT count(*) FROM sign_in_try WHERE failed AND address = %(address)s AND at > %(since)s)
           AS address"""
SWEEP: Final = (
    "DELETE FROM ceremony WHERE ends_at < %(now)s",
    "DELETE FROM sign_in_try WHERE at < %(now)s - interval '1 day'",
    "DELETE FROM session WHERE ends_at < %(now)s - interval '30 days'",
    "DELETE FROM program_secret WHERE kind = 'token' AND ends_at < %(now)s",
)


@dataclass(frozen=True, slots=True)
class NewLink:
    """A one-time link."""

    digest: bytes
    kind: str
    lasts: timedelta
    organisation: UUID | None = None
    person: UUID | None = None
    name: str = ""
    email: str = ""
    roles: Sequence[str] = ()
    by: UUID | None = None


def add_link(connection: Connection, new: NewLink, now: datetime) -> None:
    """Store a one-time link; it is the only one of its kind for that person."""
    values = {name: getattr(new, name) for name in NewLink.__slots__}
    values |= {"roles": list(new.roles), "id": uuid4(), "now": now, "ends": now + new.lasts}
    connection.execute(END_LINKS, values)
    connection.execute(ADD_LINK, values)


def look_at_link(connection: Connection, digest: bytes, now: datetime) -> dict[str, Any] | None:
    """Return what a link is for, as long as it is good."""
    return connection.execute(LINK, {"digest": digest, "now": now}).fetchone()


def use_link(connection: Connection, digest: bytes, now: datetime) -> bool:
    """Use a link; of two who do it at once one is told no."""
    return connection.execute(USE_LINK, {"digest": digest, "now": now}).fetchone() is not None


def begin_ceremony(
    connection: Connection,
    digest: bytes,
    kind: str,
    ends: datetime,
    person: UUID | None = None,
    **body: Any,
) -> None:
    """Keep what the next request of a sign-in needs."""
    if not digest[0]:  # now and then
        connection.execute("DELETE FROM ceremony WHERE ends_at < now()")
    connection.execute(BEGIN, [digest, kind, person, Jsonb(body), ends])


def look_at_ceremony(
    connection: Connection, digest: bytes, kind: str, now: datetime
) -> dict[str, Any] | None:
    """Return what was kept."""
    return connection.execute(LOOK, [digest, kind, now]).fetchone()


def finish_ceremony(
    connection: Connection, digest: bytes, kind: str, now: datetime
) -> dict[str, Any] | None:
    """Return what was kept, once."""
    return connection.execute(FINISH, [digest, kind, now]).fetchone()


def count_try(
    connection: Connection, account: bytes, address: bytes, now: datetime
) -> tuple[int, int, int]:
    """Note a try as failed; return it, and how many failed lately: of this account, from there."""
    made = connection.execute(TRY, [now, account, address]).fetchone()
    since = now - TRIES_WITHIN
    given = {"account": account, "address": address, "since": since}
    row = connection.execute(FAILED, given).fetchone()
    assert made is not None and row is not None  # noqa: S101, PT018 - both always return a row
    return made["id"], row["account"], row["address"]


def was_right(connection: Connection, number: int) -> None:
    """Note that a try did not fail."""
    connection.execute(RIGHT, [number])


def sweep(connection: Connection, now: datetime) -> None:
    """Delete what is good for nothing any more."""
    for statement in SWEEP:
        connection.execute(statement, {"now": now})
