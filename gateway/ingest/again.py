"""Held envelopes that somebody asked to try again: whoever asks has no key that opens them."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import structlog

from alerting.rules.jump import Jump
from gateway.core.acceptance import Reason
from gateway.ingest.batch import Batch, Keys, Outcome
from gateway.storage import quarantine
from gateway.storage.database import Connection

AT_ONCE: Final = 50
DUE: Final = """
SELECT id FROM quarantine WHERE again_at IS NOT NULL AND state = 'held'
ORDER BY again_at, received_at LIMIT %s"""
# Another process may have been quicker.
TAKE: Final = """
SELECT id FROM quarantine WHERE id = %s AND again_at IS NOT NULL AND state = 'held'
FOR UPDATE SKIP LOCKED"""
TRIED: Final = """
UPDATE quarantine SET again_at = NULL, again_by = NULL, reason = coalesce(%s, reason)
WHERE id = %s"""

log = structlog.get_logger()


def due_again(connection: Connection) -> list[UUID]:
    """Return what somebody asked for; nothing nearly always."""
    return [row["id"] for row in connection.execute(DUE, [AT_ONCE])]


def try_again(
    connection: Connection, keys: Keys, jumps: Sequence[Jump] | None, id_: UUID
) -> Outcome | None:
    """Offer one to ingest again, in the caller's transaction; None where another process does."""
    if connection.execute(TAKE, [id_]).fetchone() is None:
        return None
    outcome = Batch(connection, keys, jumps).accept([quarantine.take(connection, id_)])
    reason: Reason | None = next(iter(outcome.quarantined), None)
    connection.execute(TRIED, [reason, id_])
    if reason is None:
        quarantine.release(connection, id_)
    log.info("tried_again", accepted=reason is None, reason=reason)
    return outcome


def forget(connection: Connection, id_: UUID) -> None:
    """Leave one as it was: it cannot be tried, and shall not be tried for ever."""
    connection.execute(TRIED, [None, id_])
