"""What the key files hold, checked when it is read: a broken file is named, with its remedy."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import AwareDatetime, Field, TypeAdapter

from device_profiles.reading import Frozen, Octets
from device_profiles.wire.keys import RecipientPrivate, Suite
from gateway.errors import WrongInput
from gateway.identity.authority import Credential


class StoredRecipient(Frozen):
    """A sealing key with the time in which hubs may use it."""

    suite: Suite
    private: Annotated[Octets, Field(repr=False)]
    not_before: AwareDatetime
    not_after: AwareDatetime

    def key(self) -> RecipientPrivate:
        """Return the key."""
        return RecipientPrivate(self.suite, self.private)


RECIPIENTS: Final = TypeAdapter(Annotated[tuple[StoredRecipient, ...], Field(min_length=1)])


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    # The parsers' own words may quote what they read, and it is secret.
    try:
        yield
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise WrongInput(f"{path} is broken; restore it from the backup of the keys.") from None


def read_stored(path: Path) -> bytes:
    """Read a key file. Raises WrongInput that says what to do where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        made = path.with_name("ca.crt").exists() or path.with_name("broker.crt").exists()
        remedy = (
            "restore it from the backup of the keys"
            if made
            else "run `hearthline-gateway migrate` first"
        )
        raise WrongInput(f"There is no {path.name} in {path.parent}; {remedy}.") from None


def read_authority(folder: Path) -> Credential:
    """Read the CA: its certificate and the key that belongs to it."""
    found = Credential(read_stored(folder / "ca.crt"), read_stored(folder / "ca.key"))
    with _whole(folder / "ca.crt"):
        public = x509.load_pem_x509_certificate(found.certificate).public_key()
    with _whole(folder / "ca.key"):
        if serialization.load_pem_private_key(found.key, None).public_key() != public:
            raise ValueError("the key of another certificate")
    return found


def read_receipt_key(path: Path) -> Ed25519PrivateKey:
    """Read the key that signs receipts."""
    with _whole(path):
        key = serialization.load_pem_private_key(read_stored(path), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError("not Ed25519")
        return key


def read_recipients(path: Path) -> dict[bytes, StoredRecipient]:
    """Read the sealing keys, by key id."""
    with _whole(path):
        stored = RECIPIENTS.validate_json(read_stored(path))
        return {one.key().public().kid: one for one in stored}
