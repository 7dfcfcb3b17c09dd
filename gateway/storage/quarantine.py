"""Envelopes that are not accepted: listed by reason, and offered to ingest again."""

from datetime import datetime
from typing import Final
from uuid import UUID

from device_profiles.reading import Frozen
from gateway.core.acceptance import Delivery
from gateway.errors import NotFound
from gateway.storage.database import Connection

LIST: Final = """
SELECT id, hub_id AS hub, epoch, seq, reason, receipted, state, times_seen, attempts, received_at
FROM quarantine WHERE state = 'held' OR %(all)s ORDER BY received_at, id LIMIT %(limit)s"""

TAKE: Final = """
SELECT topic, envelope, received_at FROM quarantine WHERE id = %s AND state = 'held' FOR UPDATE"""

FORGET: Final = """
DELETE FROM envelope e USING quarantine q
WHERE q.id = %s AND e.disposition = 'quarantined'
  AND (e.hub_id, e.epoch, e.seq, e.sha256) = (q.hub_id, q.epoch, q.seq, q.sha256)"""

TRIED: Final = "UPDATE quarantine SET attempts = attempts + 1 WHERE id = %s"

RELEASE: Final = "UPDATE quarantine SET state = 'released', released_at = now() WHERE id = %s"


class Held(Frozen):
    """One row of the quarantine; what the envelope says stays sealed."""

    id: UUID
    hub: UUID | None
    epoch: int | None
    seq: int | None
    reason: str
    receipted: bool
    state: str
    times_seen: int
    attempts: int
    received_at: datetime


def held(connection: Connection, every: bool = False, limit: int = 1000) -> tuple[Held, ...]:
    """Return what waits, oldest first; with `every` also what was released."""
    rows = connection.execute(LIST, {"all": every, "limit": limit})
    return tuple(Held(**row) for row in rows)


def take(connection: Connection, id_: UUID) -> Delivery:
    """Lock a held envelope for another try, and forget that it was refused before."""
    row = connection.execute(TAKE, [id_]).fetchone()
    if row is None:
        raise NotFound(f"Nothing with id {id_} is held; `hearthline-gateway quarantine` lists it.")
    connection.execute(TRIED, [id_])
    connection.execute(FORGET, [id_])
    return Delivery(row["topic"], row["envelope"], row["received_at"])


def release(connection: Connection, id_: UUID) -> None:
    """Mark an envelope as accepted after all."""
    connection.execute(RELEASE, [id_])
