"""Small checks on octets of makers' own protocols."""

from device_profiles.errors import DecodeError


def exact(octets: bytes, length: int, what: str) -> bytes:
    """Return the octets if they are so many."""
    if len(octets) != length:
        raise DecodeError(f"{what} has {length} octets, not {len(octets)}")
    return octets


def starts(octets: bytes, head: bytes, what: str) -> bytes:
    """Return the octets if they begin so."""
    if not octets.startswith(head):
        raise DecodeError(f"{what} begins with {head.hex(' ')}")
    return octets


def crc8(octets: bytes) -> int:
    """CRC-8: polynomial x^8 + x^2 + x + 1, start 0."""
    crc = 0
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = (crc << 1 ^ 0x07) & 0xFF if crc & 0x80 else crc << 1
    return crc


def crc16_ccitt(octets: bytes) -> int:
    """CRC-16-CCITT: polynomial 0x1021, start 0xFFFF."""
    crc = 0xFFFF
    for octet in octets:
        crc ^= octet << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
    return crc
