"""One home of the fleet as the gateway registered it: who it is, its keys, its devices."""

import ssl
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from device_profiles.wire.hub_file import HubFile
from device_profiles.wire.keys import RecipientPublic
from simulators.sample import BLOOD_PRESSURE, GLUCOSE, OXYGEN, TEMPERATURE, WEIGHT

PROFILES: Final = {
    BLOOD_PRESSURE: "generic_cuff",
    GLUCOSE: "generic_glucometer",
    OXYGEN: "generic_oximeter",
    TEMPERATURE: "generic_thermometer",
    WEIGHT: "generic_scale",
}
KINDS: Final = {profile: kind for kind, profile in PROFILES.items()}


def registration(hubs: int, suite: int, since: str) -> dict[str, Any]:
    """Return what `hearthline-gateway register` reads; a home has a device of each kind."""
    return {
        "organisation": "Fleet",
        "since": since,
        "homes": [_home(number, suite) for number in range(hubs)],
    }


def _home(number: int, suite: int) -> dict[str, Any]:
    name, person = f"home-{number:05}", f"Fleet Person {number}"
    place = f"{number:06X}"
    devices = [
        {
            "address": f"C0:FF:{place[:2]}:{place[2:4]}:{place[4:]}:0{n}",
            "profile": profile,
            "person": person,
        }
        for n, profile in enumerate(PROFILES.values())
    ]
    return {"name": name, "suite": suite, "people": [person], "devices": devices}


@dataclass(frozen=True, slots=True)
class Home:
    """What a hub has in its folder. `devices` are by the kind that they measure."""

    folder: Path
    hub: UUID
    organisation: UUID
    address: tuple[str, int]
    recipient: RecipientPublic
    signing_key: Ed25519PrivateKey
    receipt_key: Ed25519PublicKey
    devices: dict[str, UUID]

    def tls(self) -> ssl.SSLContext:
        """Return a context with this hub's own certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_verify_locations(self.folder / "ca.crt")
        context.load_cert_chain(self.folder / "hub.crt", self.folder / "hub.key")
        return context


def read_home(folder: Path) -> Home:
    """Read a hub's folder. Raises OSError or ValueError where it is none."""
    file = HubFile.model_validate(tomllib.loads((folder / "hub.toml").read_text("utf-8")))
    signing = load_pem_private_key((folder / "signing.key").read_bytes(), None)
    if not isinstance(signing, Ed25519PrivateKey):
        raise TypeError(f"{folder}: signing.key is no Ed25519 key")
    newest = max(file.recipients, key=lambda record: record.not_before)
    return Home(
        folder=folder,
        hub=file.hub,
        organisation=file.organisation,
        address=(file.broker.host, file.broker.port),
        recipient=RecipientPublic(newest.suite, newest.public),
        signing_key=signing,
        receipt_key=Ed25519PublicKey.from_public_bytes(file.receipt_keys[0]),
        devices={KINDS[d.profile]: d.id for d in file.devices if d.profile in KINDS},
    )
