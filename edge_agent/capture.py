"""What `hearthline-edge capture` writes: a session's octets without whose device it was. No IO."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from device_profiles import gatt
from device_profiles.codecs import device_information
from device_profiles.errors import DecodeError
from device_profiles.gatt import BASE, Uuid, sig

DEVICE_NAME: Final = sig(0x2A00)
# Never written down: who made which single device, and for whom.
IDENTITY: Final = frozenset(
    {
        DEVICE_NAME,
        gatt.SERIAL_NUMBER,
        gatt.SYSTEM_ID,
        gatt.REGULATORY_DATA,
        sig(0x2A01),  # appearance
        sig(0x2A02),  # privacy flag
        sig(0x2A03),  # reconnection address
        sig(0x2A8A),  # first name
        sig(0x2A90),  # last name
        sig(0x2A87),  # e-mail
        gatt.DATE_OF_BIRTH,
    }
)
# Read and written down: they say how to recognise the model, not the single device.
MODEL: Final = (gatt.MANUFACTURER_NAME, gatt.MODEL_NUMBER)
# Read only to know what must not appear elsewhere.
SECRET: Final = (gatt.SERIAL_NUMBER, DEVICE_NAME, gatt.SYSTEM_ID)
# Shorter texts also occur by chance.
SHORTEST: Final = 4
SOURCE: Final = "recorded with hearthline-edge capture"


@dataclass(frozen=True, slots=True)
class Heard:
    """Octets with the seconds since the connection began. `read`: asked for, not told."""

    at_s: float
    uuid: Uuid
    octets: bytes
    read: bool = False


@dataclass
class Recording:
    """One session. `secrets` are the octets that must not appear in it."""

    address: str
    name: str
    heard: list[Heard] = field(default_factory=list)
    told: list[bytes] = field(default_factory=list)

    def take(self, heard: Heard) -> None:
        """Note what a device said."""
        if heard.uuid in SECRET:
            self.told.append(heard.octets)
        if heard.uuid not in IDENTITY:
            self.heard.append(heard)

    def text(self, uuid: Uuid) -> str | None:
        """Return what the device answered to a question for a text."""
        octets = next((one.octets for one in self.heard if one.uuid == uuid and one.read), None)
        try:
            return None if octets is None else device_information.decode_text(octets).text
        except DecodeError:
            return None

    def jsonl(self) -> str:
        """Return the file: one line an indication, and the hang-up."""
        secrets = tuple(self._secrets())
        lines = [json.dumps(_line(one, secrets)) for one in self.heard]
        return "".join(f"{line}\n" for line in (*lines, json.dumps({"end": True})))

    def _secrets(self) -> Iterable[bytes]:
        address = bytes.fromhex(self.address.replace(":", ""))
        yield from (address, address[::-1])
        yield from (address.hex().encode(), address.hex().upper().encode())
        model = b"\n".join(one.octets for one in self.heard if one.read and one.uuid in MODEL)
        for octets in (self.name.encode(), *self.told):
            bare = octets.strip(b" \0")
            if bare not in model:  # many are named as their model, which is no secret
                yield from (bare, bare[::-1])


def _line(heard: Heard, secrets: tuple[bytes, ...]) -> dict[str, object]:
    uuid, octets = heard.uuid, redacted(heard.octets, secrets)
    short = uuid[4:8].upper() if uuid.startswith("0000") and uuid.endswith(BASE) else uuid
    line: dict[str, object] = {"uuid": short, "octets": octets.hex(), "at_s": round(heard.at_s, 2)}
    if heard.read:
        line["read"] = True
    if octets != heard.octets:
        line["redacted"] = True
    return line | {"source": SOURCE, "kind": "device capture"}


def redacted(octets: bytes, secrets: Iterable[bytes]) -> bytes:
    """Return octets of the same length, where every secret is zeros."""
    for secret in secrets:
        if len(secret) >= SHORTEST:
            octets = octets.replace(secret, bytes(len(secret)))
    return octets
