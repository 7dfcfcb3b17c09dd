"""The pure part of `hearthline-edge decode UUID HEX`: what do these octets say?"""

import re
from typing import Final

from device_profiles.codecs import decoders, fields, readers
from device_profiles.gatt import Uuid, sig
from device_profiles.reading import Indication, Reading

_UUID: Final = re.compile("[0-9a-f]{4}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def decode(uuid_text: str, hex_text: str) -> dict[str, object]:
    """Return the fields of one characteristic and the readings that it makes, ready for JSON.

    Raises DecodeError for octets that break the specification, ValueError for text that is no
    UUID or no octets; both with one line that says why.
    """
    uuid = _uuid(uuid_text)
    octets = _octets(hex_text)
    said = fields(uuid, octets)
    read = readers().get(uuid)
    made = read((Indication(uuid=uuid, octets=octets),)) if read else ()
    return {"fields": said, "readings": [_plain(reading) for reading in made]}


def _uuid(text: str) -> Uuid:
    name = text.strip().lower().removeprefix("0x")
    if name not in decoders() and not _UUID.fullmatch(name):
        raise ValueError(f"{text!r} is no UUID: give 4 hex digits, as 2A35")
    uuid = name if name in decoders() else sig(name)
    if uuid not in decoders():
        raise ValueError(f"no codec reads {text!r}; known are {', '.join(_names())}")
    return uuid


def _names() -> list[str]:
    return sorted(uuid[4:8].upper() if "-" in uuid else uuid.upper() for uuid in decoders())


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text.strip().replace(":", " "))
    except ValueError:
        raise ValueError("the octets are no hex: give two digits 0-9, a-f for each") from None


def _plain(reading: Reading) -> dict[str, object]:
    """Return a reading as JSON, each value with our name for it."""
    plain = reading.model_dump(mode="json", exclude_none=True)
    plain["values"] = [
        {"name": value.name, **value.model_dump(mode="json", exclude_none=True)}
        for value in reading.values
    ]
    return plain
