"""medfloat16 (SFLOAT) and medfloat32 (FLOAT): exact decimals, or the reason why there is no number.

Source: ISO/IEEE 11073-20601; Bluetooth GATT Specification Supplement 2.3. Mantissa and exponent
are two's complement, base 10. The special values are raw words, so their exponent is 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from device_profiles.errors import DecodeError
from device_profiles.reading import Absent

Amount = Decimal | Absent

_SFLOAT_SPECIAL: Final[Mapping[int, Absent]] = {
    0x07FE: Absent.POSITIVE_INFINITY,
    0x07FF: Absent.NAN,
    0x0800: Absent.NRES,
    0x0801: Absent.RESERVED,
    0x0802: Absent.NEGATIVE_INFINITY,
}
_FLOAT_SPECIAL: Final[Mapping[int, Absent]] = {
    0x007FFFFE: Absent.POSITIVE_INFINITY,
    0x007FFFFF: Absent.NAN,
    0x00800000: Absent.NRES,
    0x00800001: Absent.RESERVED,
    0x00800002: Absent.NEGATIVE_INFINITY,
}


@dataclass(frozen=True, slots=True)
class Medfloat:
    """A medfloat that stands alone."""

    value: Amount


def sfloat(word: int) -> Amount:
    """Return what a 16-bit word says."""
    return _SFLOAT_SPECIAL.get(word) or _decimal(_signed(word, 12), _signed(word >> 12, 4))


def float32(word: int) -> Amount:
    """Return what a 32-bit word says."""
    return _FLOAT_SPECIAL.get(word) or _decimal(_signed(word, 24), _signed(word >> 24, 8))


def _signed(word: int, bits: int) -> int:
    """Return the lowest `bits` of a word as two's complement."""
    value = word & ((1 << bits) - 1)
    return value - (1 << bits) if value >> (bits - 1) else value


def _decimal(mantissa: int, exponent: int) -> Decimal:
    """Return mantissa * 10**exponent exactly, whatever the precision of the decimal context."""
    if exponent >= 0:
        return Decimal(mantissa * 10**exponent)
    digits = tuple(int(digit) for digit in str(abs(mantissa)))
    return Decimal((int(mantissa < 0), digits, exponent))


def _decode_sfloat(octets: bytes) -> Medfloat:
    return Medfloat(sfloat(_word(octets, 2)))


def _decode_float32(octets: bytes) -> Medfloat:
    return Medfloat(float32(_word(octets, 4)))


def _word(octets: bytes, length: int) -> int:
    if len(octets) != length:
        raise DecodeError(f"this medfloat has {length} octets, not {len(octets)}")
    return int.from_bytes(octets, "little")


DECODES: Final = {"sfloat": _decode_sfloat, "float": _decode_float32}
