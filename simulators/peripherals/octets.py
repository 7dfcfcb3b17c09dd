"""Octets written by hand, field by field, as the GATT Specification Supplement lays them out.

Nothing here is shared with the decoders of device_profiles: a wrong codec must not agree with
itself.
"""

import struct
from datetime import date, datetime
from decimal import Decimal
from typing import Final

# medfloat16, ISO/IEEE 11073-20601: 4-bit exponent, 12-bit mantissa, both two's complement.
NAN: Final = struct.pack("<H", 0x07FF)
POSITIVE_INFINITY: Final = struct.pack("<H", 0x07FE)
NEGATIVE_INFINITY: Final = struct.pack("<H", 0x0802)
# What scales send instead of a number of steps where they measured nothing.
UNSUCCESSFUL: Final = 0xFFFF
# Stands for "no date", year, month and day 0, which Python's datetime cannot hold.
NO_DATE: Final = date(1, 6, 15)
# Mantissas that mean something else while the exponent is 0.
SPECIAL: Final = frozenset({2047, 2046, -2046, -2047, -2048})


def sfloat(number: Decimal) -> bytes:
    """Return a medfloat16 with exactly this value; ValueError where there is none."""
    for mantissa, exponent in _spellings(number):
        special = exponent == 0 and mantissa in SPECIAL
        if -2048 <= mantissa <= 2047 and -8 <= exponent <= 7 and not special:
            return struct.pack("<H", (exponent & 0xF) << 12 | (mantissa & 0xFFF))
    raise ValueError(f"{number} has no exact medfloat16")


def float32(number: Decimal) -> bytes:
    """Return a medfloat32: 8-bit exponent, 24-bit mantissa, both two's complement."""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        raise TypeError("a medfloat32 number is finite")
    mantissa = int(number.scaleb(-exponent))
    # The five numbers at both ends mean something else (NaN, NRes, infinities, reserved).
    if abs(mantissa) > 0x7FFFFD or not -128 <= exponent <= 127:
        raise ValueError(f"{number} has no exact medfloat32")
    return struct.pack("<I", (exponent & 0xFF) << 24 | (mantissa & 0xFFFFFF))


def steps(number: Decimal, step: Decimal) -> bytes:
    """Return how many steps of a unit a number is, in 2 octets; ValueError where not whole."""
    count = number / step
    if count != int(count) or not 0 <= count < UNSUCCESSFUL:
        raise ValueError(f"{number} is no whole number of steps of {step}")
    return struct.pack("<H", int(count))


def _spellings(number: Decimal) -> list[tuple[int, int]]:
    """The same number as written, without trailing zeros, and with one more zero."""
    if not number.is_finite():
        raise ValueError("a medfloat16 number is finite")
    pairs = []
    for form in (number, number.normalize()):
        exponent = form.as_tuple().exponent
        if isinstance(exponent, int):
            pairs.append((int(form.scaleb(-exponent)), exponent))
    pairs += [(mantissa * 10, exponent - 1) for mantissa, exponent in pairs]
    return pairs


def date_time(moment: datetime) -> bytes:
    """Return the 7 octets of Date Time (2A08)."""
    known = moment.date() != NO_DATE
    return struct.pack(
        "<HBBBBB",
        moment.year * known,
        moment.month * known,
        moment.day * known,
        moment.hour,
        moment.minute,
        moment.second,
    )


def uint24(number: int) -> bytes:
    """Return 3 octets, little-endian."""
    return number.to_bytes(3, "little")


def crc16(octets: bytes) -> bytes:
    """Return the E2E-CRC of these octets: CRC-16/MCRF4XX, by long division of polynomials."""
    number = int.from_bytes(bytes(_mirrored(octet) for octet in octets), "big") << 16
    length = 8 * len(octets) + 16
    number ^= 0xFFFF << length - 16  # the start value
    for place in range(length - 17, -1, -1):
        if number >> place + 16 & 1:
            number ^= 0x1_1021 << place
    return bytes(_mirrored(octet) for octet in number.to_bytes(2, "big"))


def _mirrored(octet: int) -> int:
    return int(f"{octet:08b}"[::-1], 2)
