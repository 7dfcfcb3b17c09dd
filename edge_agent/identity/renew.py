"""Renewal on the hub: a new key, a new certificate beside the old one, and the newest hub.toml.

Every write leaves a hub that can go on: the request is kept before it is sent, so that a repeated
one is the same; the new certificate is kept beside the old one until the broker has taken it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from device_profiles.wire.enrolment import (
    CertificateAnswer,
    HubFiles,
    RecoverRequest,
    RenewRequest,
    recover_message,
)
from device_profiles.wire.hub_file import HubFile
from edge_agent.core.renewal import due_at
from edge_agent.errors import WrongInput
from edge_agent.identity.durable import Durable
from edge_agent.identity.enrol import HUB_FILE, REQUEST
from edge_agent.identity.hub import hub_file_of
from edge_agent.identity.keys import TlsKey, make_tls_key, read_tls_key, spki
from edge_agent.identity.login import CURRENT, FIRST, NEXT
from edge_agent.identity.recipients import install_recipients


class Gateway(Protocol):
    """What renewal asks of the gateway."""

    def nonce(self) -> bytes:
        """Return what a proof is made over."""

    def renew(self, request: RenewRequest) -> CertificateAnswer:
        """Ask for the next certificate, showing the newest."""

    def recover(self, request: RecoverRequest) -> CertificateAnswer:
        """Ask for the next certificate, showing none."""

    def files(self) -> HubFiles:
        """Return hub.toml and what lies beside it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest certificate, and when the next one is due."""

    certificate: x509.Certificate
    due: datetime

    def expired(self, now: datetime) -> bool:
        """Say whether it serves no more."""
        return now >= self.certificate.not_valid_after_utc


def standing(folder: Durable) -> Standing:
    """Look at the newest certificate. Raises WrongInput where there is none."""
    for name in (NEXT, CURRENT, FIRST[0]):
        octets = folder.read(name)
        if octets is None:
            continue
        try:
            found = x509.load_pem_x509_certificate(octets)
        except ValueError:
            continue
        begins, ends = found.not_valid_before_utc, found.not_valid_after_utc
        return Standing(found, due_at(begins, ends, found.serial_number))
    raise WrongInput(f"{folder.path}: there is no certificate; enrol the hub again.")


@dataclass(frozen=True, slots=True)
class Renewal:
    """One hub's renewal. `showing` gives the gateway with the newest certificate, or without."""

    folder: Durable
    hub_file: HubFile
    signing: Ed25519PrivateKey
    showing: Callable[[bool], Gateway]

    def renew(self, now: datetime) -> bool:
        """Have the next certificate, if it is due; say whether there is a new one.

        Raises GatewayUnavailable, GatewayRefused: it is tried again later.
        """
        newest = standing(self.folder)
        if now < newest.due:
            return False
        key = self._key(newest.certificate)
        answer = self._ask(newest, key, now)
        self.folder.keep(NEXT, key.certified(answer.certificate))
        self.folder.drop(REQUEST)
        return True

    def refresh(self) -> bool:
        """Fetch hub.toml and the sealing keys; say whether hub.toml has changed."""
        files = self.showing(True).files()
        told = hub_file_of(files.hub_file)
        if (told.hub, told.organisation) != (self.hub_file.hub, self.hub_file.organisation):
            raise WrongInput("The gateway sent another hub's file.")
        if files.recipients is not None and files.root is not None:
            install_recipients(self.folder.path, told, files.recipients, files.root)
        if told == self.hub_file:
            return False
        self.folder.keep(HUB_FILE, files.hub_file.encode())
        return True

    def _ask(self, newest: Standing, key: TlsKey, now: datetime) -> CertificateAnswer:
        if not newest.expired(now):
            return self.showing(True).renew(RenewRequest(csr=key.csr))
        gateway = self.showing(False)
        hub, nonce = self.hub_file.hub, gateway.nonce()
        expired = newest.certificate.public_bytes(Encoding.PEM).decode("ascii")
        proof = self.signing.sign(recover_message(hub, expired, key.csr, nonce))
        return gateway.recover(
            RecoverRequest(hub=hub, expired=expired, csr=key.csr, nonce=nonce, proof=proof)
        )

    def _key(self, newest: x509.Certificate) -> TlsKey:
        """Return the key of a renewal that was begun, unless that one has ended; else a new one."""
        key = read_tls_key(self.folder.read(REQUEST))
        if key is None or key.spki() == spki(newest.public_key()):
            key = make_tls_key(self.hub_file.hub)
            self.folder.keep(REQUEST, key.file())
        return key
