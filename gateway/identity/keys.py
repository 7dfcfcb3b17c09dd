"""Sealing keys over time: made, signed by the offline root, told to hubs, destroyed.

`recipients.json` holds the private halves and belongs to ingest. What hubs are told is in
`records.py`.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import TypeAdapter, ValidationError

from device_profiles.wire.hub_file import RecipientRecord
from device_profiles.wire.key_record import (
    RECIPIENTS_FILE,
    ROOT_FILE,
    BadRecord,
    SignedRecord,
    sign_record,
    verify_record,
)
from device_profiles.wire.keys import RecipientPrivate, Suite
from gateway.errors import WrongInput
from gateway.identity.files import SiteKeys, locked, publish, write_private
from gateway.identity.keys_due import ROTATE_EVERY
from gateway.identity.records import (
    RECORDS,
    SIGNED,
    read_records,
    recipients_text,
    signed_recipient_records,
)
from gateway.identity.root_public import read_root_public, root_text
from gateway.identity.sealing import RECIPIENTS, StoredRecipient, read_recipients

# Where nobody has come with the root in time, hubs still have a valid key.
LIFE: Final = 2 * ROTATE_EVERY
PRIVATE: Final = "recipients.json"
_BARE: Final = TypeAdapter(tuple[RecipientRecord, ...])


def request_keys(keys: Path, now: datetime) -> tuple[RecipientRecord, ...]:
    """Make a private key of each suite; return their records, for the root to sign.

    The private halves are on disk before anybody can learn of the public ones.
    """
    begins = now.replace(microsecond=0)
    made = [
        StoredRecipient(
            suite=suite,
            private=RecipientPrivate.generate(suite).raw,
            not_before=begins,
            not_after=begins + LIFE,
        )
        for suite in Suite
    ]
    with locked(keys):
        stored = read_recipients(keys / PRIVATE)
        write_private(keys / PRIVATE, RECIPIENTS.dump_json((*stored.values(), *made)))
    return tuple(map(_bare, made))


def unsigned_keys(keys: Path) -> tuple[RecipientRecord, ...]:
    """Return the records of private keys that no root has signed, as those of a new site."""
    signed = {record.kid for record in read_records(keys)}
    stored = read_recipients(keys / PRIVATE)
    return tuple(_bare(one) for kid, one in stored.items() if kid not in signed)


def sign_keys(
    records: Iterable[RecipientRecord], root: Ed25519PrivateKey
) -> tuple[SignedRecord, ...]:
    """Sign records, as it is done offline."""
    return tuple(sign_record(record, root) for record in records)


def accept_records(keys: Path, records: Iterable[SignedRecord]) -> tuple[SignedRecord, ...]:
    """Take signed records; return what is new. From now on hubs are told. Raises WrongInput."""
    root = read_root_public(keys)
    if root is None:
        raise WrongInput("This site has no root; `hearthline-gateway keys root` makes one.")
    with locked(keys):
        held, known = read_recipients(keys / PRIVATE), read_records(keys)
        new = tuple(one for one in records if one.kid not in {old.kid for old in known})
        for record in new:
            try:
                verify_record(record, root)
            except BadRecord as error:
                raise WrongInput(f"Key {record.kid.hex()}: {error}.") from None
            if record.kid not in held or _bare(held[record.kid]) != record.bare():
                raise WrongInput(f"Key {record.kid.hex()} was not made by this site.")
        write_private(keys / RECORDS, SIGNED.dump_json((*known, *new)))
        publish(SiteKeys(keys))
    return new


def rotate(keys: Path, root: Ed25519PrivateKey, now: datetime) -> tuple[SignedRecord, ...]:
    """Make, sign and take new keys in one go. Raises WrongInput for another site's root."""
    if read_root_public(keys) != root.public_key():
        raise WrongInput("This is not the root that the site's hubs believe.")
    return accept_records(keys, sign_keys(request_keys(keys, now), root))


def write_recipients(keys: Path, suite: Suite, folder: Path) -> bool:
    """Put root.pub and recipients.toml into a hub's folder; False where the site has no root."""
    root, file = read_root_public(keys), signed_recipient_records(keys, suite)
    if root is None or file is None:
        return False
    write_private(folder / RECIPIENTS_FILE, recipients_text(file).encode())
    write_private(folder / ROOT_FILE, root_text(root).encode())
    return True


def destroy_keys(keys: Path, kids: set[bytes]) -> None:
    """Forget private keys for good, and their records with them."""
    with locked(keys):
        stored = read_recipients(keys / PRIVATE)
        left = tuple(one for kid, one in stored.items() if kid not in kids)
        records = tuple(one for one in read_records(keys) if one.kid not in kids)
        write_private(keys / RECORDS, SIGNED.dump_json(records))
        write_private(keys / PRIVATE, RECIPIENTS.dump_json(left))
        publish(SiteKeys(keys))


def dump_request(records: tuple[RecipientRecord, ...]) -> bytes:
    """Return records as the file that is carried to the root."""
    return _BARE.dump_json(records, indent=1)


def load_request(octets: bytes) -> tuple[RecipientRecord, ...]:
    """Read that file. Raises WrongInput."""
    try:
        return _BARE.validate_json(octets)
    except ValidationError:
        raise WrongInput("This is not what `keys request` wrote.") from None


def dump_signed(records: tuple[SignedRecord, ...]) -> bytes:
    """Return signed records as the file that is carried back."""
    return SIGNED.dump_json(records, indent=1)


def load_signed(octets: bytes) -> tuple[SignedRecord, ...]:
    """Read that file. Raises WrongInput."""
    try:
        return SIGNED.validate_json(octets)
    except ValidationError:
        raise WrongInput("This is not what `keys sign` wrote.") from None


def _bare(stored: StoredRecipient) -> RecipientRecord:
    # The first keys of older sites have parts of a second, which a signature does not hold.
    return RecipientRecord(
        suite=stored.suite,
        public=stored.key().public().raw,
        not_before=stored.not_before.replace(microsecond=0),
        not_after=stored.not_after.replace(microsecond=0),
    )
