"""Octets of glucose sensors, with checksums that the code under test did not compute.

They follow the public definition of CRC-16/MCRF4XX (check value 0x6F91), by long division.
"""

from device_profiles.codecs import cgm_reading
from device_profiles.reading import Reading
from tests.unit.device_profiles.octets import group, indication, octets

START = indication(0x2AAA, "ea07 0b 15 17 3a 05 04 00")  # 23:58:05
BATTERY = indication(0x2A19, "64")


def checksum(covered: bytes) -> bytes:
    """Divide by x16 + x12 + x5 + 1, bit by bit, with each octet's lowest bit first."""
    message = [octet >> bit & 1 for octet in covered for bit in range(8)] + [0] * 16
    for place in range(16):  # the start value 0xFFFF
        message[place] ^= 1
    for place in range(len(message) - 16):
        if message[place]:
            for power in (0, 4, 11, 16):  # from the highest power: 16, 12, 5, 0
                message[place + power] ^= 1
    rest = message[-16:]
    return bytes(sum(rest[8 * octet + bit] << bit for bit in range(8)) for octet in (0, 1))


def sealed(text: str) -> bytes:
    return octets(text) + checksum(octets(text))


def read(text: str) -> Reading:
    (reading,) = cgm_reading.readings(group(0x2AA7, text))
    return reading
