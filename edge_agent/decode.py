"""The pure part of `hearthline-edge decode`: what do these octets, or this recording, say?"""

import re
from typing import Final

from device_profiles.codecs import decoders, fields, readers
from device_profiles.gatt import Uuid, sig
from device_profiles.profile import Profile
from device_profiles.reading import Indication, Reading
from device_profiles.registry import PROFILES
from device_profiles.replay import Step, parse, play, summary

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


def decode_as(key: str, uuid_text: str, hex_text: str) -> dict[str, object]:
    """Return the readings that a profile makes of one indication. Raises as `decode` does."""
    name = uuid_text.strip().lower().removeprefix("0x")
    if not _UUID.fullmatch(name):
        raise ValueError(f"{uuid_text!r} is no UUID: give 4 hex digits, as 2A35")
    group = (Indication(uuid=sig(name), octets=_octets(hex_text)),)
    return {"readings": [_plain(reading) for reading in _profile(key).readings(group)]}


def decode_recording(key: str, text: str) -> list[dict[str, object]]:
    """Return what each line of a recording gives, played through a profile."""
    return [_told(step) for step in play(_profile(key), parse(text))]


def _told(step: Step) -> dict[str, object]:
    line = "the hang-up" if step.line.get("end") else step.line["uuid"]
    told: dict[str, object] = {"line": line, "octets": step.line.get("octets", "")}
    if step.error:
        return told | {"error": step.error}
    if not step.kept and not step.line.get("end"):
        return told | {"dropped": True}
    return told | {"expected": [summary(reading) for reading in step.readings]}


def _profile(key: str) -> Profile:
    if key not in PROFILES:
        raise ValueError(f"no profile {key!r}; known are {', '.join(sorted(PROFILES))}")
    return PROFILES[key]


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
