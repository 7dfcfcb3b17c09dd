"""Date Time (2A08): a device's wall clock in 7 octets, without a zone.

Source: GATT Specification Supplement, Date Time. Year 1582 to 9999; 0 is an unknown year, month or
day. A day that its month has not (30 February) is kept as told: timeline.py finds no time in it.
"""

import struct
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from device_profiles.codecs.octets import Octets
from device_profiles.errors import DecodeError
from device_profiles.gatt import DATE_TIME
from device_profiles.reading import DeviceTime

FIRST_YEAR: Final = 1582  # the Gregorian calendar's
_LAYOUT: Final = struct.Struct("<H5B")
_RANGES: Final = {
    "year": range(FIRST_YEAR, 10_000),
    "month": range(13),
    "day": range(32),
    "hour": range(24),
    "minute": range(60),
    "second": range(60),
}


@dataclass(frozen=True, slots=True)
class DateTime:
    """What a device says the time is."""

    timestamp: DeviceTime


def decode(octets: bytes) -> DateTime:
    """Read a Date Time that stands alone."""
    rest = Octets(octets)
    told = DateTime(take(rest, "the date and time"))
    rest.end()
    return told


def take(octets: Octets, field: str) -> DeviceTime:
    """Take a Date Time from the front."""
    parts = dict(zip(_RANGES, _LAYOUT.unpack(octets.take(_LAYOUT.size, field)), strict=True))
    for part, number in parts.items():
        unknown_year = part == "year" and number == 0
        if number not in _RANGES[part] and not unknown_year:
            raise DecodeError(f"{field} has the impossible {part} {number}")
    return DeviceTime(**parts)


def later(time: DeviceTime, minutes: int) -> DeviceTime | None:
    """Return a device time moved by minutes; None where that leaves the calendar.

    A time with an unknown part cannot be moved and stays as it is.
    """
    wall = time.wall()
    if wall is None:
        return time
    try:
        moved = wall + timedelta(minutes=minutes)
    except OverflowError:
        return None
    year, month, day, hour, minute, second = moved.timetuple()[:6]
    return DeviceTime(year=year, month=month, day=day, hour=hour, minute=minute, second=second)


def encode(local: datetime) -> bytes:
    """Return the octets that set a device's clock to a wall time."""
    if local.year < FIRST_YEAR:
        raise ValueError(f"a device clock begins in {FIRST_YEAR}")
    return _LAYOUT.pack(local.year, local.month, local.day, local.hour, local.minute, local.second)


DECODES: Final = {DATE_TIME: decode}
