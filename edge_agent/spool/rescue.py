"""Finds whole envelopes in a file that SQLite cannot read any more.

By their octets, not by the pages that point to them: an envelope begins with its own hub's header,
and is followed by its SHA-256 and the id of the boot. One that fits into a page lies there in one
piece. What was let go of already may be found too; told again it is harmless.
"""

import hashlib
import mmap
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from device_profiles.errors import WireError
from device_profiles.wire.hub_file import HubFile
from device_profiles.wire.v1 import (
    HEADER,
    MAGIC,
    MAX_ENVELOPE,
    VERSION,
    Class,
    read_header,
    topic_up,
    verify_envelope,
)

SHA256: Final = 32
BOOT: Final = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Routine first: most are, and each try costs a signature's check.
ORDER: Final = (Class.ROUTINE, Class.ALERT, Class.STATUS)


@dataclass(frozen=True, slots=True)
class Found:
    """An envelope that this hub signed, with its place in the epoch that was broken off."""

    epoch: int
    seq: int
    class_: Class
    envelope: bytes


def find(
    paths: list[Path],
    hub_file: HubFile,
    key: Ed25519PublicKey,
    above: tuple[int, int] = (0, 0),
) -> list[Found]:
    """Return every whole envelope after `above`, an epoch and seq, in the order of sealing."""
    found: dict[tuple[int, int], Found] = {}
    for path in paths:
        if path.is_file() and path.stat().st_size:
            _search(path, hub_file, key, above, found)
    # A heartbeat of yesterday tells nothing, and the next one is near.
    return [one for _, one in sorted(found.items()) if one.class_ is not Class.STATUS]


def _search(
    path: Path,
    hub_file: HubFile,
    key: Ed25519PublicKey,
    above: tuple[int, int],
    found: dict[tuple[int, int], Found],
) -> None:
    """Add what is in one file; a log has the same envelope in many of its frames."""
    start = re.escape(MAGIC + bytes([VERSION]))
    owner = re.escape(hub_file.organisation.bytes + hub_file.hub.bytes)
    begins = re.compile(start + b"." + owner, re.DOTALL)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as octets:
        for match in begins.finditer(octets):
            place = place_of(octets[match.start() : match.start() + HEADER.size])
            if place is None or place <= above or place in found:
                continue
            envelope = _cut_out(octets, match.start())
            one = _read(envelope, hub_file, key) if envelope else None
            if one:
                found[one.epoch, one.seq] = one


def place_of(envelope: bytes) -> tuple[int, int] | None:
    """Return the epoch and seq that an envelope says it has."""
    if len(envelope) < HEADER.size:
        return None
    *_, epoch, seq, _ = HEADER.unpack_from(envelope)
    return epoch, seq


def _cut_out(octets: mmap.mmap, start: int) -> bytes | None:
    boot = BOOT.search(octets, start, start + MAX_ENVELOPE + SHA256 + 36)
    if boot is None:
        return None
    envelope = octets[start : boot.start() - SHA256]
    told = octets[boot.start() - SHA256 : boot.start()]
    return envelope if hashlib.sha256(envelope).digest() == told else None


def _read(envelope: bytes, hub_file: HubFile, key: Ed25519PublicKey) -> Found | None:
    for class_ in ORDER:
        topic = topic_up(hub_file.hub, class_)
        try:
            header = read_header(envelope, topic)
            verify_envelope(envelope, topic, key)
        except WireError:
            continue
        return Found(header.epoch, header.seq, class_, envelope)
    return None
