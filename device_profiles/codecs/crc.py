"""CRC-16/MCRF4XX, the E2E-CRC of Bluetooth's glucose services.

Source: Continuous Glucose Monitoring Service 1.0.2: polynomial x16 + x12 + x5 + 1, start value
0xFFFF, least significant bit first, not inverted, sent least significant octet first.
"""

from typing import Final

from device_profiles.codecs.octets import Octets
from device_profiles.errors import DecodeError

LENGTH: Final = 2
_REVERSED: Final = 0x8408


def mcrf4xx(octets: bytes) -> int:
    """Return the checksum of these octets."""
    crc = 0xFFFF
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (_REVERSED if crc & 1 else 0)
    return crc


def take(rest: Octets, covered: bytes) -> int:
    """Take a checksum from the front, and refuse octets that it does not fit."""
    told = rest.unsigned(LENGTH, "the checksum")
    if told != mcrf4xx(covered):
        raise DecodeError("the checksum does not fit the octets")
    return told


def take_optional(rest: Octets, octets: bytes) -> int | None:
    """Take the checksum that ends these octets, if two of them are left for one."""
    return take(rest, octets[:-LENGTH]) if rest.left == LENGTH else None
