"""The client certificates that hubs were given: what was issued, to whom, and what was revoked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from cryptography import x509

from gateway.identity.requests import spki_octets
from gateway.storage.database import Connection

How = Literal["kit", "enrol", "renew", "recover"]

RECORD: Final = """
INSERT INTO certificate (issuer, serial, hub_id, organisation_id, how, spki, csr_sha256, pem,
    not_before, not_after, issued_at, recovers)
SELECT %(issuer)s, %(serial)s, h.id, h.organisation_id, %(how)s, %(spki)s, %(csr)s, %(pem)s,
    %(not_before)s, %(not_after)s, %(now)s, %(recovers)s
FROM hub h WHERE h.id = %(hub)s"""
_COLUMNS: Final = "serial, hub_id, how, spki, pem, not_before, not_after, issued_at, revoked_at"
FIND: Final = f"""
SELECT {_COLUMNS} FROM certificate WHERE issuer = %(issuer)s AND serial = %(serial)s"""  # noqa: S608 - constants only
ANSWERED: Final = f"""
SELECT {_COLUMNS} FROM certificate
WHERE hub_id = %(hub)s AND csr_sha256 = %(csr)s AND revoked_at IS NULL
  AND not_after > %(now)s ORDER BY not_after DESC LIMIT 1"""  # noqa: S608 - constants only
NEWEST: Final = f"""
SELECT {_COLUMNS} FROM certificate WHERE hub_id = %s AND revoked_at IS NULL
ORDER BY issued_at DESC, not_after DESC LIMIT 1"""  # noqa: S608 - constants only
RECOVERED: Final = "SELECT 1 FROM certificate WHERE hub_id = %s AND recovers = %s"
REVOKE: Final = """
UPDATE certificate SET revoked_at = %(now)s, reason = %(reason)s
WHERE hub_id = %(hub)s AND revoked_at IS NULL"""


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate as it is on record."""

    serial: bytes
    hub_id: UUID
    how: How
    spki: bytes
    pem: str
    not_before: datetime
    not_after: datetime
    issued_at: datetime
    revoked_at: datetime | None

    def expired_for(self, now: datetime) -> timedelta:
        """Return how long ago it ended; negative while it lasts."""
        return now - self.not_after


def serial_octets(certificate: x509.Certificate) -> bytes:
    """Return a serial number as the table has it."""
    number = certificate.serial_number
    return number.to_bytes((number.bit_length() + 7) // 8 or 1)


def record_certificate(
    connection: Connection,
    hub: UUID,
    pem: bytes,
    how: How,
    now: datetime,
    *,
    csr: bytes | None = None,
    recovers: bytes | None = None,
) -> None:
    """Keep what was issued. `csr` is the request's hash; `recovers` the serial that had expired."""
    certificate = x509.load_pem_x509_certificate(pem)
    told = {
        **_name(certificate),
        "hub": hub,
        "how": how,
        "spki": spki_octets(certificate),
        "csr": csr,
        "pem": pem.decode("ascii"),
        "not_before": certificate.not_valid_before_utc,
        "not_after": certificate.not_valid_after_utc,
        "now": now,
        "recovers": recovers,
    }
    connection.execute(RECORD, told)


def find_certificate(connection: Connection, certificate: x509.Certificate) -> Certified | None:
    """Return a certificate's row, by issuer and serial; None where we did not issue it."""
    row = connection.execute(FIND, _name(certificate)).fetchone()
    return Certified(**row) if row else None


def answered(connection: Connection, hub: UUID, csr: bytes, now: datetime) -> Certified | None:
    """Return what a hub was given for this very request already, if it still serves."""
    row = connection.execute(ANSWERED, {"hub": hub, "csr": csr, "now": now}).fetchone()
    return Certified(**row) if row else None


def newest(connection: Connection, hub: UUID) -> Certified | None:
    """Return a hub's latest certificate that is not revoked."""
    row = connection.execute(NEWEST, [hub]).fetchone()
    return Certified(**row) if row else None


def was_recovered(connection: Connection, hub: UUID, serial: bytes) -> bool:
    """Say whether an expired certificate was exchanged already."""
    return connection.execute(RECOVERED, [hub, serial]).fetchone() is not None


def revoke_certificates(connection: Connection, hub: UUID, reason: str, now: datetime) -> int:
    """Revoke all that a hub was given; return how many were not revoked before."""
    told = {"hub": hub, "reason": reason, "now": now}
    return connection.execute(REVOKE, told).rowcount


def _name(certificate: x509.Certificate) -> dict[str, Any]:
    issuer = certificate.issuer.rfc4514_string()
    return {"issuer": issuer, "serial": serial_octets(certificate)}
