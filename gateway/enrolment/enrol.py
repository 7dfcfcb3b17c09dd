"""Enrolment: a token and proven keys become a certificate, once; and what a used token means."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from device_profiles.wire.enrolment import (
    CertificateAnswer,
    EnrolRequest,
    enrol_message,
    token_hash,
)
from gateway.enrolment.nonces import Nonces
from gateway.errors import Conflict, GatewayError, NotFound, Refused, RequestRefused, TokenRefused
from gateway.identity.requests import read_request
from gateway.ports import HubAuthority
from gateway.storage import enrolments
from gateway.storage.certificates import answered, record_certificate, revoke_certificates
from gateway.storage.database import Connection, Database
from gateway.storage.enrolments import EnrollingHub

# A reply may be lost: the same request gets the same certificate for so long.
LOST_REPLY: Final = timedelta(minutes=10)


class UnprovenKey(Refused):
    """The signing key's proof does not fit."""

    code = "unproven_key"


class OtherHub(Conflict):
    """This hub has been confirmed with another key; `hub replace` gives its place to a new box."""

    code = "other_hub"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the enrolment service needs."""

    database: Database
    authority: HubAuthority
    nonces: Nonces

    def enrol(self, asked: EnrolRequest, now: datetime) -> CertificateAnswer:
        """Return a hub's certificate. Raises TokenRefused, UnprovenKey, RequestRefused, OtherHub.

        A refusal that says something about the token is put on record before it is raised.
        """
        self.nonces.check(asked.nonce, now)
        request = read_request(asked.csr, asked.hub)
        prove(asked.signing_key, asked.proof, enrol_message(asked.token, asked.csr, asked.nonce))
        with self.database.transaction() as connection:
            answer = self._enrol(connection, asked, request, now)
        if isinstance(answer, GatewayError):
            raise answer
        return answer

    def _enrol(
        self,
        connection: Connection,
        asked: EnrolRequest,
        request: x509.CertificateSigningRequest,
        now: datetime,
    ) -> CertificateAnswer | GatewayError:
        csr, token = hashlib.sha256(asked.csr).digest(), token_hash(asked.token)
        try:
            hub = enrolments.lock_hub(connection, asked.hub)
        except NotFound:  # said in the same words as of a wrong token
            return TokenRefused()
        if not enrolments.claim(connection, hub.row.id, token, csr, now):
            return _not_claimed(connection, hub, token, csr, now)
        if hub.state == "active" and hub.signing_key != asked.signing_key:
            enrolments.burn(connection, token, "other_hub", now)
            enrolments.security_event(connection, hub, "enrolment_of_other_hub", now)
            return OtherHub()
        if hub.state not in ("invited", "enrolled", "active"):
            return TokenRefused(f"The hub is {hub.state}.")
        return self._certify(connection, hub, asked, request, now)

    def _certify(
        self,
        connection: Connection,
        hub: EnrollingHub,
        asked: EnrolRequest,
        request: x509.CertificateSigningRequest,
        now: datetime,
    ) -> CertificateAnswer:
        if hub.state != "active":
            revoke_certificates(connection, hub.row.id, "enrolled_again", now)
        pem = self.authority.certify(request, hub.row.id, now, again=False)
        csr = hashlib.sha256(asked.csr).digest()
        record_certificate(connection, hub.row.id, pem, "enrol", now, csr=csr)
        state = enrolments.enrolled(connection, hub.row.id, asked.signing_key, now)
        return CertificateAnswer(certificate=pem.decode("ascii"), state=known_state(state))


def _not_claimed(
    connection: Connection, hub: EnrollingHub, token: bytes, csr: bytes, now: datetime
) -> CertificateAnswer | GatewayError:
    """Tell a lost reply from a token that somebody else has, too."""
    found = enrolments.find_token(connection, hub.row.id, token)
    if found is None:
        return TokenRefused()
    if found.used_at is not None and found.csr_sha256 != csr:
        enrolments.burn(connection, token, "used_by_another_key", now)
        enrolments.security_event(connection, hub, "enrolment_token_used_again", now)
        return TokenRefused("It was used by another box, and a note of this was taken.")
    if found.burnt_at is not None:
        return TokenRefused()
    if found.used_at is None:
        enrolments.security_event(connection, hub, "enrolment_token_expired", now)
        return TokenRefused("It has expired.")
    given = answered(connection, hub.row.id, csr, now)
    if given is None or now - found.used_at > LOST_REPLY:
        return TokenRefused("It was used some time ago.")
    return CertificateAnswer(certificate=given.pem, state=known_state(hub.state))


def known_state(state: str) -> Literal["enrolled", "active"]:
    """Return the state that a hub is told."""
    return "active" if state == "active" else "enrolled"


def prove(public: bytes, signature: bytes, message: bytes) -> None:
    """Raise UnprovenKey where the signature is not of this key over this message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except ValueError:
        raise RequestRefused("The signing key is no Ed25519 key.") from None
    except InvalidSignature:
        raise UnprovenKey from None
