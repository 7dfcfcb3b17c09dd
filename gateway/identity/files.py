"""The site's keys on disk, under HEARTHLINE_HOME/keys: made once, private to their owner."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.wire.hub_file import RecipientRecord
from device_profiles.wire.keys import RecipientPrivate, Suite
from gateway.core.shards import SHARDS
from gateway.errors import WrongInput
from gateway.identity import audit_key
from gateway.identity.authority import Credential, issue_client, issue_server, make_authority
from gateway.identity.public import NAME as PUBLIC
from gateway.identity.public import PublicKeys
from gateway.identity.sealing import (
    RECIPIENTS,
    StoredRecipient,
    read_receipt_key,
    read_recipients,
)
from gateway.identity.stored import read_authority, read_stored

SERVICE_LIFE: Final = timedelta(days=365)
# Every start looks; a site that is restarted once a month never meets an expired certificate.
RENEW_BEFORE: Final = timedelta(days=60)
# The first keys, of a site that has no root yet. `keys rotate` makes those that live for 180 days.
RECIPIENT_LIFE: Final = timedelta(days=365)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Be the only process that works on a folder's files; made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def write_credential(folder: Path, name: str, credential: Credential) -> None:
    """Write NAME.crt and NAME.key."""
    write_private(folder / f"{name}.key", credential.key)
    write_private(folder / f"{name}.crt", credential.certificate)


def ed25519_pem(key: Ed25519PrivateKey) -> bytes:
    """Return a signing key as PKCS8 PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@dataclass(frozen=True, slots=True)
class SiteKeys:
    """All keys of a site, by the folder that holds them."""

    folder: Path

    def authority(self) -> Credential:
        """Return the CA."""
        return read_authority(self.folder)

    def receipt_key(self) -> Ed25519PrivateKey:
        """Return the key that signs receipts."""
        return read_receipt_key(self.folder / "receipt.key")

    def recipients(self) -> dict[bytes, RecipientPrivate]:
        """Return the sealing keys by key id."""
        stored = read_recipients(self.folder / "recipients.json")
        return {kid: one.key() for kid, one in stored.items()}

    def public(self) -> PublicKeys:
        """Return the public halves of all."""
        return PublicKeys(
            recipients=tuple(record for suite in Suite for record in self.recipient_records(suite)),
            receipt_keys=(self.receipt_key().public_key().public_bytes_raw(),),
        )

    def recipient_records(self, suite: Suite) -> tuple[RecipientRecord, ...]:
        """Return the public halves of one suite, as a hub needs them."""
        stored = read_recipients(self.folder / "recipients.json").values()
        records = tuple(
            RecipientRecord(
                suite=suite,
                public=one.key().public().raw,
                not_before=one.not_before,
                not_after=one.not_after,
            )
            for one in stored
            if one.suite is suite
        )
        if not records:
            raise WrongInput(f"recipients.json in {self.folder} has no key of suite {suite:d}.")
        return records


def make_site_keys(folder: Path, hosts: list[str], now: datetime) -> SiteKeys:
    """Make what is missing in `folder`, renew what ends soon; what serves stays as it is."""
    # Several programs start at once, and each looks.
    with locked(folder):
        if not (folder / "ca.crt").exists():
            _found(folder, now)
        for lasting in ("receipt.key", "recipients.json"):
            read_stored(folder / lasting)
        _issue_services(folder, hosts, now)
        _make_audit_key(folder)
        publish(SiteKeys(folder))
    return SiteKeys(folder)


def _found(folder: Path, now: datetime) -> None:
    """Make what lasts as long as the site. The CA's certificate comes last: it says that all is
    there, and that what is missing later is lost, for which a new one would be no help."""
    if (folder / "broker.crt").exists():
        read_stored(folder / "ca.crt")
    if not (folder / "receipt.key").exists():
        write_private(folder / "receipt.key", ed25519_pem(Ed25519PrivateKey.generate()))
    if not (folder / "recipients.json").exists():
        write_private(folder / "recipients.json", RECIPIENTS.dump_json(_new_recipients(now)))
    write_credential(folder, "ca", make_authority("Hearthline site CA", now))


def _make_audit_key(folder: Path) -> None:
    """Make it where it is not: an older site has none, and a lost one is no reason to stand still.
    What the lost one signed is verified by its public half."""
    path, public = folder / audit_key.KEY, folder / audit_key.PUBLIC
    if not path.exists():
        write_private(path, ed25519_pem(Ed25519PrivateKey.generate()))
    known = public.read_bytes() if public.exists() else b""
    if (told := audit_key.with_public(known, audit_key.read_audit_key(folder))) != known:
        write_private(public, told)


def publish(keys: SiteKeys) -> None:
    """Write the public halves down where they are not, or not any more."""
    told = keys.public().model_dump_json(indent=1).encode()
    path = keys.folder / PUBLIC
    if not path.exists() or path.read_bytes() != told:
        write_private(path, told)


def _issue_services(folder: Path, hosts: list[str], now: datetime) -> None:
    authority = read_authority(folder)
    for server in ("broker", "api"):
        if not _serves(folder, server, authority, hosts, now):
            write_credential(folder, server, issue_server(authority, hosts, now, SERVICE_LIFE))
    for name in [f"ingest-{shard}" for shard in SHARDS]:
        if not _serves(folder, name, authority, [], now):
            write_credential(folder, name, issue_client(authority, name, now, SERVICE_LIFE))


def _serves(
    folder: Path, name: str, authority: Credential, hosts: list[str], now: datetime
) -> bool:
    """Say whether a certificate is there with its own key, is of this CA, names these hosts and
    lasts a while yet. A power cut may have come between the two files of a pair."""
    try:
        certificate = x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())
        key = serialization.load_pem_private_key((folder / f"{name}.key").read_bytes(), None)
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate))
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (FileNotFoundError, ValueError, TypeError):
        return False
    except (InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound):
        return False
    return (
        key.public_key() == certificate.public_key()
        and certificate.not_valid_after_utc - now > RENEW_BEFORE
        and {str(name.value) for name in names.value}.issuperset(hosts)
    )


def _new_recipients(now: datetime) -> tuple[StoredRecipient, ...]:
    return tuple(
        StoredRecipient(
            suite=suite,
            private=RecipientPrivate.generate(suite).raw,
            not_before=now,
            not_after=now + RECIPIENT_LIFE,
        )
        for suite in Suite
    )
