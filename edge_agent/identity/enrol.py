"""Enrolment on the hub: keys made here, the gateway known by its pin, all written or nothing.

Everything is gathered in a folder of its own; hub.toml is moved last, and without it there is no
hub. Whatever moment the power goes, the same invitation goes on where it was.
"""

import hashlib
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.wire.enrolment import (
    CertificateAnswer,
    EnrolRequest,
    HubFiles,
    Invitation,
    enrol_message,
    six_digits,
)
from device_profiles.wire.hub_file import HubFile
from device_profiles.wire.key_record import RECIPIENTS_FILE, ROOT_FILE
from edge_agent.errors import WrongInput
from edge_agent.identity.durable import Durable
from edge_agent.identity.hub import hub_file_of, read_hub_file, signing_key
from edge_agent.identity.keys import TlsKey, make_signing_key, make_tls_key, read_tls_key
from edge_agent.identity.login import AUTHORITY, CURRENT, FIRST, NEXT
from edge_agent.identity.recipients import check_recipients

WORK: Final = "enrolment"
REQUEST: Final = "request.pem"
SIGNING: Final = "signing.key"
CLAIM: Final = "invitation.sha256"
HUB_FILE: Final = "hub.toml"
# hub.toml last: with it the folder is a hub's.
INSTALLED: Final = (AUTHORITY, SIGNING, CURRENT, RECIPIENTS_FILE, ROOT_FILE, HUB_FILE)


class Gateway(Protocol):
    """What enrolment asks of the gateway."""

    def nonce(self) -> bytes:
        """Return what the proof is made over."""

    def enrol(self, request: EnrolRequest) -> CertificateAnswer:
        """Ask for a certificate."""

    def files(self) -> HubFiles:
        """Return what the hub must know; refused with `not_confirmed` until it is."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What was made for one invitation."""

    tls: TlsKey
    signing_pem: bytes
    signing: Ed25519PrivateKey

    @property
    def signing_public(self) -> bytes:
        """Return what the gateway verifies by."""
        return self.signing.public_key().public_bytes_raw()

    def digits(self) -> str:
        """Return what the hub shows."""
        return six_digits(self.tls.spki(), self.signing_public)


def enrol(folder: Durable, invitation: Invitation, authority: bytes, gateway: Gateway) -> str:
    """Ask for a certificate and keep it; return the six digits. `authority` fits the pin."""
    work = folder.inner(WORK)
    keys = _keys(folder, work, invitation)
    nonce = gateway.nonce()
    proof = keys.signing.sign(enrol_message(invitation.token, keys.tls.csr, nonce))
    answer = gateway.enrol(
        EnrolRequest(
            hub=invitation.hub,
            token=invitation.token,
            csr=keys.tls.csr,
            signing_key=keys.signing_public,
            nonce=nonce,
            proof=proof,
        )
    )
    work.keep(AUTHORITY, authority)
    work.keep(CURRENT, keys.tls.certified(answer.certificate))
    return keys.digits()


def settle(folder: Durable, invitation: Invitation, files: HubFiles) -> HubFile:
    """Keep what a confirmed hub is told, and be that hub. Raises WrongInput."""
    work, hub_file = folder.inner(WORK), hub_file_of(files.hub_file)
    if hub_file.hub != invitation.hub:
        raise WrongInput("The gateway sent another hub's file.")
    if files.recipients is not None and files.root is not None:
        check_recipients(hub_file, files.recipients, files.root)
        work.keep(RECIPIENTS_FILE, files.recipients.encode())
        work.keep(ROOT_FILE, files.root.encode())
    work.keep(HUB_FILE, files.hub_file.encode())
    finish(folder)
    return hub_file


def finish(folder: Durable) -> None:
    """Install what was gathered, if it is complete; after a crash a second call goes on."""
    if not (folder.path / WORK / HUB_FILE).exists():
        return
    work = folder.inner(WORK)
    for name in (NEXT, *FIRST, REQUEST):
        folder.drop(name)
    for name in INSTALLED:
        if work.has(name):
            work.move(name, folder.path / name)
    forget(folder)


def forget(folder: Durable) -> None:
    """Remove what an enrolment left."""
    work = folder.inner(WORK)
    for path in sorted(work.path.iterdir()):
        work.drop(path.name)
    work.path.rmdir()


def check_free(folder: Durable, hub: UUID) -> None:
    """Raise WrongInput where this box is another hub: its spool is sealed in that one's name."""
    if folder.has(HUB_FILE) and (known := read_hub_file(folder.path).hub) != hub:
        raise WrongInput(
            f"This box is hub {known} already. To make it another, stop the agent and remove "
            f"{folder.path} and the folder of its spool."
        )


def _keys(folder: Durable, work: Durable, invitation: Invitation) -> Keys:
    """Return the keys of this invitation: those of before, where it was tried before."""
    claim = hashlib.sha256(invitation.text().encode()).hexdigest().encode()
    tls, signing = read_tls_key(work.read(REQUEST)), work.read(SIGNING)
    if work.read(CLAIM) != claim or tls is None or signing is None:
        work.drop(CLAIM)
        tls = make_tls_key(invitation.hub)
        # What waits in the spool of a hub that comes back is signed by the key it has.
        signing = folder.read(SIGNING) if folder.has(HUB_FILE) else None
        signing = signing or make_signing_key()
        work.keep(REQUEST, tls.file())
        work.keep(SIGNING, signing)
        work.keep(CLAIM, claim)
    return Keys(tls, signing, signing_key(work.path / SIGNING))
