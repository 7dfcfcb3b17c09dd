"""The private keys that open readings and sign receipts, as ingest has them. Never in the API."""

from pathlib import Path
from typing import Annotated, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import AwareDatetime, Field, TypeAdapter

from device_profiles.reading import Frozen, Octets
from device_profiles.wire.keys import RecipientPrivate, Suite
from gateway.identity.stored import read_stored, whole


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


def read_receipt_key(path: Path) -> Ed25519PrivateKey:
    """Read the key that signs receipts."""
    with whole(path):
        key = serialization.load_pem_private_key(read_stored(path), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError("not Ed25519")
        return key


def read_recipients(path: Path) -> dict[bytes, StoredRecipient]:
    """Read the sealing keys, by key id."""
    with whole(path):
        stored = RECIPIENTS.validate_json(read_stored(path))
        return {one.key().public().kid: one for one in stored}
