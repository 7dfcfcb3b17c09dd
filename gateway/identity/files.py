"""The site's keys on disk, under HEARTHLINE_HOME/keys: made once, private to their owner."""

import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.wire.hub_file import RecipientRecord
from device_profiles.wire.keys import RecipientPrivate, Suite
from gateway.errors import WrongInput
from gateway.identity.authority import Credential, issue_client, issue_server, make_authority

SHARDS: Final = "0123456789abcdef"
SERVICE_LIFE: Final = timedelta(days=365)
# Every start looks; a site that is restarted once a month never meets an expired certificate.
RENEW_BEFORE: Final = timedelta(days=60)
# Rotation every 90 days comes with the trust issue; until then a key serves for a year.
RECIPIENT_LIFE: Final = timedelta(days=365)


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
        return Credential(self._read("ca.crt"), self._read("ca.key"))

    def receipt_key(self) -> Ed25519PrivateKey:
        """Return the key that signs receipts."""
        key = serialization.load_pem_private_key(self._read("receipt.key"), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise WrongInput("receipt.key is not an Ed25519 key; restore it from the backup.")
        return key

    def recipients(self) -> dict[bytes, RecipientPrivate]:
        """Return the sealing keys by key id."""
        stored = json.loads(self._read("recipients.json"))
        keys = [RecipientPrivate(Suite(k["suite"]), bytes.fromhex(k["private"])) for k in stored]
        return {key.public().kid: key for key in keys}

    def recipient_records(self, suite: Suite) -> tuple[RecipientRecord, ...]:
        """Return the public halves of one suite, as a hub needs them."""
        return tuple(
            RecipientRecord(
                suite=suite,
                public=RecipientPrivate(suite, bytes.fromhex(key["private"])).public().raw,
                not_before=key["not_before"],
                not_after=key["not_after"],
            )
            for key in json.loads(self._read("recipients.json"))
            if key["suite"] == suite
        )

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            raise WrongInput(
                f"There is no {name} in {self.folder}; run `hearthline-gateway migrate` first."
            ) from None


def make_site_keys(folder: Path, hosts: list[str], now: datetime) -> SiteKeys:
    """Make what is missing in `folder`; what is there stays as it is."""
    if not (folder / "ca.crt").exists():
        write_credential(folder, "ca", make_authority("Hearthline site CA", now))
    keys = SiteKeys(folder)
    authority = keys.authority()
    if not _serves(folder / "broker.crt", hosts, now):
        write_credential(folder, "broker", issue_server(authority, hosts, now, SERVICE_LIFE))
    for name in [f"ingest-{shard}" for shard in SHARDS]:
        if not _serves(folder / f"{name}.crt", [], now):
            write_credential(folder, name, issue_client(authority, name, now, SERVICE_LIFE))
    if not (folder / "receipt.key").exists():
        write_private(folder / "receipt.key", ed25519_pem(Ed25519PrivateKey.generate()))
    if not (folder / "recipients.json").exists():
        write_private(folder / "recipients.json", json.dumps(_new_recipients(now)).encode())
    return keys


def _serves(path: Path, hosts: list[str], now: datetime) -> bool:
    """Say whether a certificate is there, names these hosts and lasts a while yet."""
    if not path.exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    told = {str(name.value) for name in names}
    return certificate.not_valid_after_utc - now > RENEW_BEFORE and told.issuperset(hosts)


def _new_recipients(now: datetime) -> list[dict[str, object]]:
    return [
        {
            "suite": int(suite),
            "private": RecipientPrivate.generate(suite).raw.hex(),
            "not_before": now.isoformat(),
            "not_after": (now + RECIPIENT_LIFE).isoformat(),
        }
        for suite in Suite
    ]
