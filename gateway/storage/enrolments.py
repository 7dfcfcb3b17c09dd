"""Invitations and the states of a hub's coming: each change is one row, taken under its lock."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from device_profiles.wire.keys import Suite
from gateway.errors import NotFound
from gateway.storage.database import Connection
from gateway.storage.homes import HubRow

ADD_INVITED: Final = """
INSERT INTO hub (id, organisation_id, name, timezone, suite, state, replaces)
VALUES (%s, %s, %s, %s, %s, 'invited', %s)"""
HUB: Final = """
SELECT id, organisation_id, name, timezone, suite, state, signing_key FROM hub WHERE id = %s"""
ADD_CLAIM: Final = """
INSERT INTO enrolment_token (sha256, hub_id, organisation_id, issued_by, issued_at, expires_at)
SELECT %(sha256)s, id, organisation_id, %(by)s, %(now)s, %(expires)s FROM hub WHERE id = %(hub)s"""
SUPERSEDE: Final = """
UPDATE enrolment_token SET burnt_at = %(now)s, burnt_reason = 'superseded'
WHERE hub_id = %(hub)s AND burnt_at IS NULL"""
# One of many at once: the others wait for this row, then find it used.
CLAIM: Final = """
UPDATE enrolment_token SET used_at = %(now)s, csr_sha256 = %(csr)s
WHERE sha256 = %(sha256)s AND hub_id = %(hub)s AND used_at IS NULL AND burnt_at IS NULL
  AND expires_at > %(now)s RETURNING hub_id"""
FIND_CLAIM: Final = """
SELECT hub_id, issued_by, issued_at, expires_at, used_at, csr_sha256, burnt_at, burnt_reason
FROM enrolment_token WHERE sha256 = %(sha256)s AND hub_id = %(hub)s FOR UPDATE"""
BURN: Final = """
UPDATE enrolment_token SET burnt_at = %(now)s, burnt_reason = %(reason)s
WHERE sha256 = %(sha256)s AND burnt_at IS NULL"""
USED: Final = """
SELECT sha256, burnt_reason, wrong_digits FROM enrolment_token
WHERE hub_id = %s AND used_at IS NOT NULL ORDER BY used_at DESC LIMIT 1 FOR UPDATE"""
WRONG: Final = """
UPDATE enrolment_token SET wrong_digits = wrong_digits + 1 WHERE sha256 = %s"""
ENROLLED: Final = """
UPDATE hub SET signing_key = %(key)s, enrolled_at = %(now)s,
    state = CASE WHEN state = 'active' THEN 'active' ELSE 'enrolled' END
WHERE id = %(hub)s RETURNING state"""
INVITED_AGAIN: Final = """
UPDATE hub SET state = 'invited', signing_key = NULL WHERE id = %s AND state = 'enrolled'"""
CONFIRMED: Final = """
UPDATE hub SET state = 'active', confirmed_at = %(now)s, confirmed_by = %(by)s
WHERE id = %(hub)s"""
EVENT: Final = """
INSERT INTO security_event (organisation_id, hub_id, event, detail, at)
VALUES (%s, %s, %s, %s, %s)"""


@dataclass(frozen=True, slots=True)
class EnrollingHub:
    """A hub on its way in, its row locked."""

    row: HubRow
    name: str
    state: str
    signing_key: bytes | None


@dataclass(frozen=True, slots=True)
class Token:
    """What is on record of a token."""

    expires_at: datetime
    used_at: datetime | None
    csr_sha256: bytes | None
    burnt_at: datetime | None


def add_invited_hub(
    connection: Connection, hub: HubRow, name: str, replaces: UUID | None = None
) -> None:
    """Register a hub that has no keys yet."""
    connection.execute(
        ADD_INVITED, [hub.id, hub.organisation, name, hub.timezone, int(hub.suite), replaces]
    )


def lock_hub(connection: Connection, id_: UUID) -> EnrollingHub:
    """Return a hub and keep its row until the end of the transaction. Raises NotFound."""
    row = connection.execute(HUB + " FOR UPDATE", [id_]).fetchone()
    if row is None:
        raise NotFound(f"No hub {id_}; `hearthline-gateway hub list` shows them.")
    hub = HubRow(row["id"], row["organisation_id"], row["timezone"], Suite(row["suite"]))
    return EnrollingHub(hub, row["name"], row["state"], row["signing_key"])


def add_token(
    connection: Connection, hub: UUID, sha256: bytes, by: str, now: datetime, expires: datetime
) -> None:
    """Keep a new token's hash; the hub's older ones serve no more."""
    connection.execute(SUPERSEDE, {"hub": hub, "now": now})
    told = {"sha256": sha256, "hub": hub, "by": by, "now": now, "expires": expires}
    connection.execute(ADD_CLAIM, told)


def claim(connection: Connection, hub: UUID, sha256: bytes, csr: bytes, now: datetime) -> bool:
    """Use a token; False where it cannot be used, or not any more."""
    told = {"hub": hub, "sha256": sha256, "csr": csr, "now": now}
    return connection.execute(CLAIM, told).fetchone() is not None


def find_token(connection: Connection, hub: UUID, sha256: bytes) -> Token | None:
    """Return a hub's token and keep its row."""
    row = connection.execute(FIND_CLAIM, {"hub": hub, "sha256": sha256}).fetchone()
    return Token(**{name: row[name] for name in Token.__slots__}) if row else None


def burn(connection: Connection, sha256: bytes, reason: str, now: datetime) -> None:
    """End a token for ever."""
    connection.execute(BURN, {"sha256": sha256, "reason": reason, "now": now})


def used_token(connection: Connection, hub: UUID) -> dict[str, Any] | None:
    """Return the token that a hub enrolled by last, and keep its row."""
    return connection.execute(USED, [hub]).fetchone()


def enrolled(connection: Connection, hub: UUID, signing_key: bytes, now: datetime) -> str:
    """Note that a hub has keys; return its state."""
    told = {"hub": hub, "key": signing_key, "now": now}
    row = connection.execute(ENROLLED, told).fetchone()
    return str(row["state"]) if row else ""


def security_event(
    connection: Connection, hub: EnrollingHub, event: str, now: datetime, **detail: Any
) -> None:
    """Keep what somebody should look at."""
    where = [hub.row.organisation, hub.row.id]
    connection.execute(EVENT, [*where, event, Jsonb(detail), now])
