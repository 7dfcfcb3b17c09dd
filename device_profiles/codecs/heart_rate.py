"""Heart Rate Measurement (2A37) and Body Sensor Location (2A38).

Source: Heart Rate Service 1.0, 3.1 and 3.2. A strap tells the heart rate of this moment, about once
a second, without a time stamp, and stores nothing: each notification is a measurement. One reading
a second would bury the day's one weight, so the notifications of a stretch of time make one
reading; see heart_rate_stretch.py. RR intervals and energy stay in the octets.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from device_profiles.codecs.findings import (
    PULSE_WINDOW,
    Finding,
    absence,
    flags,
    lower_median,
    plausibility,
    value,
    worst,
)
from device_profiles.codecs.octets import Octets
from device_profiles.codes import HEART_RATE, PER_MINUTE
from device_profiles.errors import DecodeError
from device_profiles.gatt import BODY_SENSOR_LOCATION, HEART_RATE_MEASUREMENT
from device_profiles.profile import Group
from device_profiles.reading import Absent, Kind, Reading, Validity

_WIDE, _CONTACT, _CONTACT_KNOWN, _ENERGY, _RR = (1 << bit for bit in range(5))


@dataclass(frozen=True, slots=True)
class HeartRate:
    """One notification. `contact` is None where the sensor cannot tell; RR in 1/1024 s."""

    hr: int
    contact: bool | None
    energy: int | None
    rr_raw: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SensorLocation:
    """Where a sensor sits: 0 other, 1 chest, 2 wrist, 3 finger, 4 hand, 5 ear lobe, 6 foot."""

    location: int


def decode(octets: bytes) -> HeartRate:
    """Read a Heart Rate Measurement. The RR flag without an interval is an empty list."""
    rest = Octets(octets)
    present = rest.unsigned(1, "the flags")
    measured = HeartRate(
        hr=rest.unsigned(2 if present & _WIDE else 1, "the heart rate"),
        contact=bool(present & _CONTACT) if present & _CONTACT_KNOWN else None,
        energy=rest.unsigned(2, "the energy") if present & _ENERGY else None,
        rr_raw=_intervals(rest.rest()) if present & _RR else (),
    )
    rest.end()
    return measured


def decode_location(octets: bytes) -> SensorLocation:
    """Read a Body Sensor Location."""
    rest = Octets(octets)
    location = SensorLocation(rest.unsigned(1, "the sensor location"))
    rest.end()
    return location


def readings(group: Group) -> tuple[Reading, ...]:
    """Return the reading of a stretch: the median, which is a rate that the sensor told."""
    told = [decode(one.octets) for one in group]
    # A sensor that nobody wears goes on telling its last rate, or 0 (J).
    worn = [one.hr for one in told if one.contact is not False and one.hr]
    rate = value(HEART_RATE, PER_MINUTE, Decimal(lower_median(worn)) if worn else Absent.SENTINEL)
    found = absence(rate, Validity.INVALID) + plausibility(rate, PULSE_WINDOW)
    if any(one.contact is False for one in told):
        found.append(Finding("no_skin_contact"))
    return (
        Reading(
            kind=Kind.HEART_RATE,
            values=(rate,),
            validity=worst(found),
            octets=group,
            flags=flags(found),
        ),
    )


def _intervals(octets: bytes) -> tuple[int, ...]:
    if len(octets) % 2:
        raise DecodeError("an RR interval has 2 octets, and one of them is missing")
    pairs = zip(octets[::2], octets[1::2], strict=True)
    return tuple(low | high << 8 for low, high in pairs)


DECODES: Final = {HEART_RATE_MEASUREMENT: decode, BODY_SENSOR_LOCATION: decode_location}
READS: Final = {HEART_RATE_MEASUREMENT: readings}
