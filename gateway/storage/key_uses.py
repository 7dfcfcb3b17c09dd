"""Which sealing key each hub uses since when, and who still needs an old one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from device_profiles.wire.keys import Suite
from gateway.storage.arrivals import SECURITY_EVENT
from gateway.storage.database import Connection

Use = tuple[UUID, UUID, int, bytes]  # organisation, hub, epoch, key id

# Mostly a look: the first place rarely changes, and `last_at` is exact to the hour.
NOTE: Final = """
INSERT INTO key_use AS k (organisation_id, hub_id, epoch, kid, first_seq, last_at)
SELECT organisation_id, hub_id, epoch, decode(kid, 'hex'), first_seq, now()
FROM jsonb_to_recordset(%s)
    AS r(organisation_id uuid, hub_id uuid, epoch bigint, kid text, first_seq bigint)
ON CONFLICT (hub_id, epoch, kid) DO UPDATE
SET first_seq = least(k.first_seq, excluded.first_seq), last_at = excluded.last_at
WHERE excluded.first_seq < k.first_seq OR k.last_at < excluded.last_at - interval '1 hour'"""

# A hub is past the switch when it has sealed to a newer key in its newest epoch, and everything
# before that place is accounted for. One that came after the switch never had the old key. What
# a revoked hub still sends is refused anyway.
BEHIND: Final = """
SELECT h.id, h.name, h.state FROM hub h
WHERE h.state <> 'revoked' AND h.signing_key IS NOT NULL
  AND (h.suite = %(suite)s OR EXISTS (
      SELECT FROM key_use u WHERE u.hub_id = h.id AND u.kid = %(kid)s))
  AND (h.created_at < %(switch)s OR EXISTS (
      SELECT FROM key_use u WHERE u.hub_id = h.id AND u.kid = %(kid)s))
  AND NOT EXISTS (
      SELECT FROM key_use u JOIN ledger l USING (hub_id, epoch)
      WHERE u.hub_id = h.id AND u.kid = ANY(%(newer)s)
        AND u.epoch = (SELECT max(epoch) FROM ledger WHERE hub_id = h.id)
        AND int8multirange(int8range(1, u.first_seq)) <@ (l.accounted + l.missing))
ORDER BY h.name, h.id"""

# What is held may be replayed, for which it has to be opened. The key's id is at octet 38.
HELD: Final = """
SELECT count(*) AS n FROM quarantine
WHERE state = 'held' AND receipted AND substring(envelope FROM 39 FOR 4) = %s"""
LAST_USED: Final = "SELECT kid, max(last_at) AS at FROM key_use GROUP BY kid"


@dataclass(frozen=True, slots=True)
class Old:
    """A key that newer ones have replaced, at a moment."""

    kid: bytes
    suite: Suite
    newer: tuple[bytes, ...]
    switch: datetime


def note_uses(connection: Connection, uses: Mapping[Use, int]) -> None:
    """Write down the first place at which hubs used keys."""
    rows = [
        {
            "organisation_id": str(organisation),
            "hub_id": str(hub),
            "epoch": epoch,
            "kid": kid.hex(),
            "first_seq": seq,
        }
        # Sorted, so that two processes take the rows in one order.
        for (organisation, hub, epoch, kid), seq in sorted(uses.items(), key=str)
    ]
    if rows:
        connection.execute(NOTE, [Jsonb(rows)])


def hubs_behind(connection: Connection, old: Old) -> list[dict[str, Any]]:
    """Return the hubs of which something sealed to this key may still come."""
    return connection.execute(
        BEHIND,
        {"kid": old.kid, "suite": int(old.suite), "newer": list(old.newer), "switch": old.switch},
    ).fetchall()


def held_envelopes(connection: Connection, kid: bytes) -> int:
    """Return how many envelopes in quarantine could not be replayed without this key."""
    row = connection.execute(HELD, [kid]).fetchone()
    return int(row["n"]) if row else 0


def last_used(connection: Connection) -> dict[bytes, datetime]:
    """Return when each key was last used, to the hour."""
    return {row["kid"]: row["at"] for row in connection.execute(LAST_USED)}


def record_key_event(connection: Connection, event: str, actor: str, kids: list[str]) -> None:
    """Write down what was done with keys, and by whom."""
    connection.execute(SECURITY_EVENT, [None, None, event, Jsonb({"by": actor, "keys": kids})])
