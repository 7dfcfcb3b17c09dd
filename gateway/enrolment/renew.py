"""Renewal: the next certificate of a hub that has one, or had one until lately."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography import x509

from device_profiles.wire.enrolment import (
    CertificateAnswer,
    RecoverRequest,
    RenewRequest,
    recover_message,
)
from gateway.enrolment.enrol import prove
from gateway.enrolment.nonces import Nonces
from gateway.errors import Refused, RequestRefused
from gateway.identity.requests import read_request, spki_octets
from gateway.ports import HubAuthority
from gateway.storage import enrolments
from gateway.storage.certificates import (
    Certified,
    How,
    answered,
    find_certificate,
    record_certificate,
    was_recovered,
)
from gateway.storage.database import Connection, Database
from gateway.storage.enrolments import EnrollingHub

EXPIRED_FOR: Final = timedelta(days=30)
# The hub may see its certificate end a little before we do.
SKEW: Final = timedelta(hours=1)


class TooLate(Refused):
    """This certificate cannot be exchanged any more; the hub needs a new invitation."""

    code = "too_late"


@dataclass(frozen=True, slots=True)
class Known:
    """A hub that showed a certificate of ours."""

    hub: EnrollingHub
    certificate: Certified


def known_hub(connection: Connection, certificate: x509.Certificate) -> Known:
    """Return whose certificate this is. Raises Refused unless it serves and its hub does."""
    found = find_certificate(connection, certificate)
    if found is None or found.revoked_at is not None:
        raise Refused
    hub = enrolments.lock_hub(connection, found.hub_id)
    if hub.state not in ("enrolled", "active"):
        raise Refused
    return Known(hub, found)


@dataclass(frozen=True, slots=True)
class Renewal:
    """What the renewal service needs."""

    database: Database
    authority: HubAuthority
    nonces: Nonces

    def renew(
        self, shown: x509.Certificate, asked: RenewRequest, now: datetime
    ) -> CertificateAnswer:
        """Return the next certificate of the hub whose certificate TLS has verified."""
        with self.database.transaction() as connection:
            known = known_hub(connection, shown)
            _must_be_active(known)
            request = _new_key(asked.csr, known)
            return self._certify(connection, known, request, asked.csr, "renew", now)

    def recover(self, asked: RecoverRequest, now: datetime) -> CertificateAnswer:
        """Return a certificate to a hub whose own has expired: once for each, within 30 days."""
        self.nonces.check(asked.nonce, now)
        try:
            expired = x509.load_pem_x509_certificate(asked.expired.encode())
        except ValueError:
            raise RequestRefused("The expired certificate is not PEM.") from None
        with self.database.transaction() as connection:
            known = known_hub(connection, expired)
            _must_be_active(known)
            message = recover_message(asked.hub, asked.expired, asked.csr, asked.nonce)
            prove(known.hub.signing_key or b"", asked.proof, message)
            request = _new_key(asked.csr, known)
            _check_time(known.certificate, now)
            return self._certify(connection, known, request, asked.csr, "recover", now)

    def _certify(
        self,
        connection: Connection,
        known: Known,
        request: x509.CertificateSigningRequest,
        der: bytes,
        how: How,
        now: datetime,
    ) -> CertificateAnswer:
        hub, csr = known.hub.row.id, hashlib.sha256(der).digest()
        given = answered(connection, hub, csr, now)  # the reply was lost
        if given is not None:
            return CertificateAnswer(certificate=given.pem, state="active")
        recovers = known.certificate.serial if how == "recover" else None
        if recovers is not None:
            _note_recovery(connection, known, recovers, now)
        pem = self.authority.certify(request, hub, now, again=True)
        record_certificate(connection, hub, pem, how, now, csr=csr, recovers=recovers)
        return CertificateAnswer(certificate=pem.decode("ascii"), state="active")


def _must_be_active(known: Known) -> None:
    if known.hub.state != "active":
        raise Refused("It is not confirmed.")


def _new_key(der: bytes, known: Known) -> x509.CertificateSigningRequest:
    request = read_request(der, known.hub.row.id)
    if spki_octets(request) == known.certificate.spki:
        raise RequestRefused("It has the key of the certificate before; make a new one.")
    return request


def _check_time(certificate: Certified, now: datetime) -> None:
    ago = certificate.expired_for(now)
    if ago < -SKEW:
        raise RequestRefused("The certificate has not expired; renew with it.")
    if ago > EXPIRED_FOR:
        raise TooLate(f"It expired {ago.days} days ago.")


def _note_recovery(connection: Connection, known: Known, serial: bytes, now: datetime) -> None:
    hub: UUID = known.hub.row.id
    if was_recovered(connection, hub, serial):
        raise TooLate("It was exchanged already.")
    days = known.certificate.expired_for(now).days
    enrolments.security_event(
        connection, known.hub, "expired_hub_recovered", now, expired_days=days
    )
