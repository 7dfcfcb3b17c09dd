"""CGM Measurement (2AA7): one or several records of a continuous glucose sensor.

Source: Continuous Glucose Monitoring Service 1.0.2, 3.1. Each record starts with its own size, so
that a checksum shows by the two octets that it takes; the CGM Feature need not be read first.
"""

from dataclasses import dataclass
from typing import Final

from device_profiles.codecs import crc
from device_profiles.codecs.medfloat import Amount
from device_profiles.codecs.octets import Octets
from device_profiles.errors import DecodeError
from device_profiles.gatt import CGM_MEASUREMENT

_TREND, _QUALITY = 1 << 0, 1 << 1
_WARNING, _CALTEMP, _STATUS = 1 << 5, 1 << 6, 1 << 7
SMALLEST: Final = 6


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `offset_min` counts from the start of the session; `trend` is mg/dL/min."""

    mg_dl: Amount
    offset_min: int
    status: int | None
    caltemp: int | None
    warning: int | None
    trend: Amount | None
    quality: Amount | None
    crc: int | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """All records of one notification."""

    records: tuple[Record, ...]


def decode(octets: bytes) -> Measurement:
    """Read a CGM Measurement."""
    return Measurement(tuple(record(part) for part in split(octets)))


def split(octets: bytes) -> tuple[bytes, ...]:
    """Return the octets of each record; each is a CGM Measurement of its own."""
    rest = Octets(octets)
    parts: list[bytes] = []
    while rest.left or not parts:
        size = rest.take(1, "the record size")
        if size[0] < SMALLEST:
            raise DecodeError(f"a record has at least {SMALLEST} octets, not {size[0]}")
        parts.append(size + rest.take(size[0] - 1, "the record"))
    return tuple(parts)


def record(octets: bytes) -> Record:
    """Read one record."""
    rest = Octets(octets)
    rest.take(1, "the record size")
    present = rest.unsigned(1, "the flags")
    told = Record(
        mg_dl=rest.sfloat("the glucose"),
        offset_min=rest.unsigned(2, "the time offset"),
        status=rest.unsigned(1, "the status") if present & _STATUS else None,
        caltemp=rest.unsigned(1, "calibration and temperature") if present & _CALTEMP else None,
        warning=rest.unsigned(1, "the warning") if present & _WARNING else None,
        trend=rest.sfloat("the trend") if present & _TREND else None,
        quality=rest.sfloat("the quality") if present & _QUALITY else None,
        crc=crc.take_optional(rest, octets),
    )
    rest.end()
    return told


DECODES: Final = {CGM_MEASUREMENT: decode}
