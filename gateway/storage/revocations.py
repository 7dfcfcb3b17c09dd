"""Shutting a hub out: what the database has of it. Every step is written when it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from gateway.errors import NotFound
from gateway.identity.revocation import Revoked
from gateway.storage.arrivals import SECURITY_EVENT
from gateway.storage.certificates import revoke_certificates
from gateway.storage.database import Connection

Step = Literal["refused", "listed", "reloaded", "kicked", "proved"]

LOCK_HUB: Final = "SELECT organisation_id FROM hub WHERE id = %s FOR UPDATE"
ASK: Final = """
INSERT INTO revocation (hub_id, organisation_id, reason, actor) VALUES (%s, %s, %s, %s)
ON CONFLICT DO NOTHING RETURNING hub_id"""
END_HUB: Final = "UPDATE hub SET state = 'revoked' WHERE id = %s"
END_TOKENS: Final = """
UPDATE enrolment_token SET burnt_at = clock_timestamp(), burnt_reason = 'hub_revoked'
WHERE hub_id = %s AND burnt_at IS NULL AND used_at IS NULL"""
# By the hub's state too: what a renewal that ran beside the revocation may have issued.
REVOKED: Final = """
SELECT c.serial, coalesce(c.revoked_at, c.issued_at) AS at
FROM certificate c JOIN hub h ON h.id = c.hub_id
WHERE c.not_after > clock_timestamp() AND (c.revoked_at IS NOT NULL OR h.state = 'revoked')
UNION ALL
SELECT serial, burnt_at FROM burnt_certificate WHERE not_after > clock_timestamp()
ORDER BY 1"""
BURN: Final = """
INSERT INTO burnt_certificate (serial, hub_id, organisation_id, not_after)
SELECT %s, id, organisation_id, %s FROM hub WHERE id = %s"""
DONE: Final = """
INSERT INTO revocation_step (hub_id, organisation_id, step, detail)
SELECT id, organisation_id, %s, %s FROM hub WHERE id = %s
ON CONFLICT (hub_id, step) DO UPDATE SET at = excluded.at, detail = excluded.detail"""
STEPS: Final = """
SELECT s.step, s.at, s.detail FROM revocation_step s WHERE s.hub_id = %s ORDER BY s.at"""


@dataclass(frozen=True, slots=True)
class Done:
    """A step that is behind us."""

    step: Step
    at: datetime
    detail: str


def refuse(connection: Connection, hub: UUID, reason: str, actor: str) -> bool:
    """Refuse all that a hub sends from now on; say whether this is news. Raises NotFound."""
    row = connection.execute(LOCK_HUB, [hub]).fetchone()
    if row is None:
        raise NotFound(f"No hub {hub}; `hearthline-gateway hub list` shows them.")
    organisation = row["organisation_id"]
    connection.execute(END_HUB, [hub])
    if connection.execute(ASK, [hub, organisation, reason, actor]).fetchone() is None:
        return False
    certificates = revoke_certificates(connection, hub, reason, datetime.now(UTC))
    tokens = connection.execute(END_TOKENS, [hub]).rowcount
    what = {"reason": reason, "by": actor, "certificates": certificates, "tokens": tokens}
    connection.execute(SECURITY_EVENT, [organisation, hub, "hub_revoked", Jsonb(what)])
    done(connection, hub, "refused", f"envelopes, {certificates} certificates, {tokens} tokens")
    return True


def done(connection: Connection, hub: UUID, step: Step, detail: str) -> None:
    """Write a step down, with the time."""
    connection.execute(DONE, [step, detail, hub])
    if step == "proved":
        connection.execute(
            "INSERT INTO security_event (organisation_id, hub_id, event)"
            " SELECT organisation_id, id, 'hub_is_off' FROM hub WHERE id = %s",
            [hub],
        )


def steps(connection: Connection, hub: UUID) -> list[Done]:
    """Return what was done so far, in its order."""
    return [Done(**row) for row in connection.execute(STEPS, [hub])]


def burn(connection: Connection, hub: UUID, serial: int, not_after: datetime) -> None:
    """Put a certificate on the list that the gateway itself made in a hub's name."""
    connection.execute(BURN, [octets(serial), not_after, hub])


def revoked_certificates(connection: Connection) -> Sequence[Revoked]:
    """Return what the revocation list must name."""
    return [
        Revoked(int.from_bytes(row["serial"], "big"), row["at"])
        for row in connection.execute(REVOKED)
    ]


def octets(serial: int) -> bytes:
    """Return a serial number as the database has it."""
    return serial.to_bytes((serial.bit_length() + 7) // 8, "big")
