"""Programs that ask the API: what they may, their keys, secrets and tokens."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from gateway.storage.database import Connection

ADD: Final = """
INSERT INTO program (id, organisation_id, name, rights, made_by, created_at, jwks)
VALUES (%s, %s, %s, %s, %s, %s, %s)"""
KEEP: Final = """
INSERT INTO program_secret (digest, program_id, kind, rights, scopes, created_at, ends_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)"""
FIND: Final = """
SELECT g.id, g.name, g.organisation_id, o.name AS organisation_name, s.rights, s.scopes, s.used_at,
    s.ends_at
FROM program_secret s JOIN program g ON g.id = s.program_id
JOIN organisation o ON o.id = g.organisation_id
WHERE s.digest = %(digest)s AND s.kind = ANY(%(kinds)s) AND s.ended_at IS NULL
    AND s.ends_at > %(now)s AND g.disabled_at IS NULL"""
BY_ID: Final = """
SELECT g.id, g.name, g.organisation_id, o.name AS organisation_name, g.rights, g.jwks,
    NULL AS scopes
FROM program g JOIN organisation o ON o.id = g.organisation_id
WHERE g.id = %s AND g.jwks IS NOT NULL AND g.disabled_at IS NULL"""
SWEEP: Final = "DELETE FROM program_assertion WHERE ends_at < %s"
USE: Final = """
INSERT INTO program_assertion (program_id, jti, ends_at) VALUES (%s, %s, %s)
ON CONFLICT DO NOTHING RETURNING jti"""
USED: Final = """
UPDATE program_secret SET used_at = %(now)s
WHERE digest = %(digest)s AND (used_at IS NULL OR used_at < %(now)s - interval '1 minute')"""
LIST: Final = """
SELECT g.id, g.name, g.rights, g.created_at, g.disabled_at, p.name AS made_by,
    max(s.used_at) AS used_at, max(s.ends_at) FILTER (WHERE s.kind <> 'token') AS ends_at,
    coalesce(string_agg(DISTINCT s.kind, ' ') FILTER (WHERE s.kind <> 'token'),
        CASE WHEN g.jwks IS NULL THEN '' ELSE 'jwks' END) AS kinds
FROM program g LEFT JOIN program_secret s ON s.program_id = g.id
LEFT JOIN person p ON p.id = g.made_by
WHERE g.organisation_id = %s GROUP BY g.id, p.name ORDER BY g.disabled_at NULLS FIRST, g.name"""
END: Final = """
UPDATE program SET disabled_at = %s
WHERE id = %s AND organisation_id = %s AND disabled_at IS NULL RETURNING name"""
END_SECRETS: Final = """
UPDATE program_secret SET ended_at = %s WHERE program_id = %s AND ended_at IS NULL"""


def add_program(
    connection: Connection,
    organisation: UUID,
    name: str,
    rights: Iterable[str],
    by: UUID | None,
    now: datetime,
    jwks: dict[str, Any] | None = None,
) -> UUID:
    """Register a program, with the public keys that it signs in by, if it does."""
    id_, keys = uuid4(), Jsonb(jwks) if jwks else None
    connection.execute(ADD, [id_, organisation, name, sorted(rights), by, now, keys])
    return id_


def add_program_secret(
    connection: Connection,
    program: UUID,
    kind: str,
    digest: bytes,
    rights: Iterable[str],
    now: datetime,
    ends: datetime,
    scopes: Iterable[str] | None = None,
) -> None:
    """Store the digest of a key, a secret or a token; of a token for FHIR its scopes, too."""
    kept = None if scopes is None else list(scopes)
    connection.execute(KEEP, [digest, program, kind, sorted(rights), kept, now, ends])


def find_by_id(connection: Connection, program: UUID) -> dict[str, Any] | None:
    """Return a program that signs in by keys of its own, with these."""
    return connection.execute(BY_ID, [program]).fetchone()


def use_assertion(
    connection: Connection, program: UUID, jti: bytes, ends: datetime, now: datetime
) -> bool:
    """Note that a statement was used; False: it was before."""
    connection.execute(SWEEP, [now])
    return connection.execute(USE, [program, jti, ends]).fetchone() is not None


def find_program(
    connection: Connection, digest: bytes, kinds: tuple[str, ...], now: datetime
) -> dict[str, Any] | None:
    """Return whose key, secret or token it is, and note that it was used."""
    given = {"digest": digest, "kinds": list(kinds), "now": now}
    row = connection.execute(FIND, given).fetchone()
    if row is not None:
        connection.execute(USED, given)
    return row


def programs_of(connection: Connection, organisation: UUID) -> list[dict[str, Any]]:
    """Return the programs of an organisation."""
    return connection.execute(LIST, [organisation]).fetchall()


def end_program(
    connection: Connection, organisation: UUID, program: UUID, now: datetime
) -> str | None:
    """End a program with all its keys; return its name."""
    row = connection.execute(END, [now, program, organisation]).fetchone()
    if row is None:
        return None
    connection.execute(END_SECRETS, [now, program])
    return str(row["name"])
