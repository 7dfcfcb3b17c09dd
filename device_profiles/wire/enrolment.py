"""How a hub asks to be one: the invitation it was given, what it sends, what is signed.

Octets travel as hex. A certificate request is DER (PKCS 10), a certificate PEM.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Final, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from pydantic import Field, ValidationError

from device_profiles.reading import Frozen, Octets

SCHEME: Final = "hln:1?"
TOKEN_OCTETS: Final = 16
NONCE_OCTETS: Final = 40
ENROL_CONTEXT: Final = b"HLN-ENROL-1 sig\0"
RECOVER_CONTEXT: Final = b"HLN-RECOVER-1 sig\0"
DIGITS_CONTEXT: Final = b"HLN-ENROL-1 digits\0"
INVITATION_FILE: Final = "enroll.toml"

# A request with a P-256 key has 250 octets, a certificate 700.
Request = Annotated[Octets, Field(max_length=4096)]
Key32 = Annotated[Octets, Field(min_length=32, max_length=32)]
Signature = Annotated[Octets, Field(min_length=64, max_length=64)]
Nonce = Annotated[Octets, Field(min_length=NONCE_OCTETS, max_length=NONCE_OCTETS)]
Pem = Annotated[str, Field(max_length=16_384)]


class Invitation(Frozen):
    """What a technician carries to a hub: a QR code, a text, or a file on its card."""

    url: Annotated[str, Field(pattern=r"^https://[^\s/?#@]+/?$", max_length=300)]
    token: Annotated[bytes, Field(min_length=TOKEN_OCTETS, max_length=TOKEN_OCTETS, repr=False)]
    pin: Annotated[bytes, Field(min_length=32, max_length=32)]
    """SHA-256 of the CA's SubjectPublicKeyInfo."""
    hub: UUID

    def text(self) -> str:
        """Return the text that the QR code holds."""
        fields = {"u": self.url, "t": _text(self.token), "f": _text(self.pin), "id": self.hub}
        return SCHEME + urlencode(fields, safe=":/")

    def endpoint(self) -> tuple[str, int]:
        """Return host and port of the gateway."""
        return endpoint(self.url)


def endpoint(url: str) -> tuple[str, int]:
    """Return host and port of an https address. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("the gateway's address begins with https://")
    return parts.hostname, parts.port or 443


def read_invitation(text: str) -> Invitation:
    """Read an invitation's text. Raises ValueError, which does not quote it: it is a secret."""
    bare = text.strip()
    if not bare.startswith(SCHEME):
        raise ValueError(f"an invitation begins with {SCHEME}")
    try:
        told = dict(parse_qsl(bare.removeprefix(SCHEME), strict_parsing=True))
        invitation = Invitation(
            url=told["u"], token=_octets(told["t"]), pin=_octets(told["f"]), hub=UUID(told["id"])
        )
        invitation.endpoint()
    except (KeyError, ValueError, ValidationError):
        raise ValueError("the invitation is not whole; copy all of it") from None
    return invitation


class NonceAnswer(Frozen):
    """What the gateway wants to be signed next."""

    nonce: Nonce


class EnrolRequest(Frozen):
    """A hub's keys, with proofs: the request's own signature, and one by the signing key."""

    hub: UUID
    token: Annotated[Octets, Field(min_length=TOKEN_OCTETS, max_length=TOKEN_OCTETS, repr=False)]
    csr: Request
    signing_key: Key32
    nonce: Nonce
    proof: Signature


class RenewRequest(Frozen):
    """A request for the next certificate, with a new key; the TLS session says whose."""

    csr: Request


class RecoverRequest(Frozen):
    """The same of a hub whose certificate has expired: its signing key says whose."""

    hub: UUID
    expired: Pem
    csr: Request
    nonce: Nonce
    proof: Signature


class CertificateAnswer(Frozen):
    """The certificate, and what becomes of the hub."""

    certificate: Pem
    state: Literal["enrolled", "active"]


class HubFiles(Frozen):
    """What a hub keeps beside its keys: hub.toml and, where the site has a root, what the root has
    signed (recipients.toml) and the root's public key (root.pub)."""

    hub_file: Annotated[str, Field(max_length=131_072)]
    recipients: Annotated[str, Field(max_length=262_144)] | None = None
    root: Annotated[str, Field(max_length=128)] | None = None


def enrol_message(token: bytes, csr: bytes, nonce: bytes) -> bytes:
    """Return what the signing key signs to enrol."""
    return ENROL_CONTEXT + _sha256(token) + _sha256(csr) + nonce


def recover_message(hub: UUID, expired: str, csr: bytes, nonce: bytes) -> bytes:
    """Return what the signing key signs to come back after the certificate has expired."""
    return RECOVER_CONTEXT + hub.bytes + _sha256(expired.encode()) + _sha256(csr) + nonce


def six_digits(spki: bytes, signing_key: bytes) -> str:
    """Return what the hub shows and the technician types: a check of both public keys."""
    digest = _sha256(DIGITS_CONTEXT + len(spki).to_bytes(2) + spki + signing_key)
    return f"{int.from_bytes(digest[:8]) % 1_000_000:06}"


def token_hash(token: bytes) -> bytes:
    """Return what the gateway keeps of a token."""
    return _sha256(token)


def same(one: bytes, other: bytes) -> bool:
    """Compare in a time that tells nothing."""
    return hmac.compare_digest(one, other)


def _sha256(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()


def _text(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def _octets(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
