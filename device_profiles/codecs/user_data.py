"""User data: what a device with several users knows of the one whose data are open.

Source: User Data Service 1.1; GATT Specification Supplement. Names and e-mail addresses are left
unread: whose readings these are is decided by the assignment, never by what a scale calls somebody.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from device_profiles import gatt
from device_profiles.codecs.octets import Octets
from device_profiles.errors import DecodeError


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number: an age in years, an index, a count; a gender as 0 male, 1 female, 2 other."""

    number: int


@dataclass(frozen=True, slots=True)
class Quantity:
    """A height in metres or a weight in kg."""

    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Birth:
    """A date of birth; 0 is an unknown year, month or day."""

    year: int
    month: int
    day: int


def _number(length: int, field: str) -> Callable[[bytes], Number]:
    def decode(octets: bytes) -> Number:
        return Number(_whole(octets, length, field))

    return decode


def _quantity(step: str, field: str) -> Callable[[bytes], Quantity]:
    def decode(octets: bytes) -> Quantity:
        return Quantity(_whole(octets, 2, field) * Decimal(step))

    return decode


def decode_birth(octets: bytes) -> Birth:
    """Read a Date of Birth."""
    rest = Octets(octets)
    birth = Birth(
        year=rest.unsigned(2, "the year"),
        month=rest.unsigned(1, "the month"),
        day=rest.unsigned(1, "the day"),
    )
    rest.end()
    if birth.month > 12 or birth.day > 31:
        raise DecodeError("the date of birth is impossible")
    return birth


def _whole(octets: bytes, length: int, field: str) -> int:
    rest = Octets(octets)
    number = rest.unsigned(length, field)
    rest.end()
    return number


DECODES: Final = {
    gatt.AGE: _number(1, "the age"),
    gatt.DATE_OF_BIRTH: decode_birth,
    gatt.GENDER: _number(1, "the gender"),
    gatt.USER_HEIGHT: _quantity("0.01", "the height"),
    gatt.USER_WEIGHT: _quantity("0.005", "the weight"),
    gatt.DATABASE_CHANGE_INCREMENT: _number(4, "the change increment"),
    gatt.USER_INDEX: _number(1, "the user index"),
}
