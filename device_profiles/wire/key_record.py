r"""recipients.toml: the gateway's sealing keys, each signed by the site's offline root. Version 1.

It lies beside hub.toml, whose form cannot carry signatures; root.pub, beside it, is the root's
public key (32 octets as hex). A record's signature is Ed25519 over, big-endian:
    'HLN-KEY-1 record\0' || u8 suite || i64 not before || i64 not after, seconds since 1970 UTC
    || u16 len(public key) || public key
"""

import struct
import tomllib
from datetime import datetime
from typing import Annotated, Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AwareDatetime, Field, ValidationError

from device_profiles.reading import Frozen, Octets
from device_profiles.wire.hub_file import RecipientRecord
from device_profiles.wire.keys import MLKEM_PUBLIC, X25519_KEY, RecipientPublic, Suite, key_id

CONTEXT: Final = b"HLN-KEY-1 record\0"
RECIPIENTS_FILE: Final = "recipients.toml"
ROOT_FILE: Final = "root.pub"


class BadRecord(ValueError):
    """A record that the root has not signed, or that contradicts itself."""


class SignedRecord(Frozen):
    """A sealing key with the root's word for it."""

    kid: Annotated[Octets, Field(min_length=4, max_length=4)]
    suite: Suite
    public: Annotated[Octets, Field(max_length=MLKEM_PUBLIC + X25519_KEY)]
    not_before: AwareDatetime
    not_after: AwareDatetime
    signature: Annotated[Octets, Field(min_length=64, max_length=64)]

    def bare(self) -> RecipientRecord:
        """Return the record as hub.toml has it."""
        return RecipientRecord(
            suite=self.suite,
            public=self.public,
            not_before=self.not_before,
            not_after=self.not_after,
        )


class RecipientsFile(Frozen):
    """The whole file."""

    version: Literal[1] = 1
    records: Annotated[tuple[SignedRecord, ...], Field(min_length=1, max_length=64)]


def message(record: RecipientRecord) -> bytes:
    """Return what the root signs."""
    return CONTEXT + struct.pack(
        f">BqqH{len(record.public)}s",
        record.suite,
        _seconds(record.not_before),
        _seconds(record.not_after),
        len(record.public),
        record.public,
    )


def sign_record(record: RecipientRecord, root: Ed25519PrivateKey) -> SignedRecord:
    """Sign a record. Raises BadRecord for times that the signature could not hold."""
    signed = SignedRecord(
        kid=key_id(record.public), signature=root.sign(message(record)), **record.model_dump()
    )
    verify_record(signed, root.public_key())
    return signed


def verify_record(record: SignedRecord, root: Ed25519PublicKey) -> None:
    """Check a record. Raises BadRecord."""
    try:
        root.verify(record.signature, message(record.bare()))
    except InvalidSignature:
        raise BadRecord("the root has not signed this key") from None
    if record.kid != key_id(record.public):
        raise BadRecord("the key id is of another key")
    if record.not_before >= record.not_after:
        raise BadRecord("the key ends before it begins")
    try:
        RecipientPublic(record.suite, record.public).key()
    except ValueError as error:
        raise BadRecord(str(error)) from None


def read_recipients(text: str, root: Ed25519PublicKey) -> tuple[SignedRecord, ...]:
    """Read recipients.toml; one bad record spoils it. Raises BadRecord."""
    try:
        records = RecipientsFile.model_validate(tomllib.loads(text)).records
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise BadRecord(f"{where}: {first['msg']}") from None
    except (ValueError, RecursionError) as error:
        raise BadRecord(str(error)) from None
    for record in records:
        verify_record(record, root)
    return records


def read_root(text: str) -> Ed25519PublicKey:
    """Read root.pub. Raises BadRecord."""
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    except ValueError:
        raise BadRecord("the root's public key is 32 octets, as hex") from None


def _seconds(at: datetime) -> int:
    if at.microsecond:
        raise BadRecord("a key begins and ends on a whole second")
    return int(at.timestamp())
