"""Temperature Measurement (2A1C) and Intermediate Temperature (2A1E), of one layout.

Source: Health Thermometer Service 1.0, 3.1 to 3.3; GATT Specification Supplement. An intermediate
temperature is for the eye while the thermometer still rises ("for display purposes"): it is decoded
and is no reading.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from device_profiles import codes
from device_profiles.codecs import date_time
from device_profiles.codecs.findings import (
    Finding,
    Window,
    absence,
    flags,
    plausibility,
    value,
    worst,
)
from device_profiles.codecs.medfloat import Amount
from device_profiles.codecs.octets import Octets
from device_profiles.gatt import (
    INTERMEDIATE_TEMPERATURE,
    TEMPERATURE_MEASUREMENT,
    TEMPERATURE_TYPE,
)
from device_profiles.profile import Group
from device_profiles.reading import DeviceTime, Kind, Reading, Validity, Value

CELSIUS_WINDOW: Final = Window(Decimal(30), Decimal(45))
FAHRENHEIT_WINDOW: Final = Window(Decimal(86), Decimal(113))  # the same temperatures

_SITES: Final = {
    1: codes.TEMPERATURE_AXILLA,
    2: codes.TEMPERATURE,
    3: codes.TEMPERATURE_EAR,
    4: codes.TEMPERATURE_FINGER,
    5: codes.TEMPERATURE_GUT,
    6: codes.TEMPERATURE_MOUTH,
    7: codes.TEMPERATURE_RECTUM,
    8: codes.TEMPERATURE_TOE,
    9: codes.TEMPERATURE_EARDRUM,
}


@dataclass(frozen=True, slots=True)
class Temperature:
    """What one indication says, as it says it. `type` is where it was taken."""

    unit: str
    temperature: Amount
    timestamp: DeviceTime | None
    type: int | None


@dataclass(frozen=True, slots=True)
class TemperatureType:
    """Where a thermometer that does not say it with each measurement always measures."""

    type: int


def decode(octets: bytes) -> Temperature:
    """Read a Temperature Measurement or an Intermediate Temperature."""
    rest = Octets(octets)
    present = rest.unsigned(1, "the flags")
    measured = Temperature(
        unit="F" if present & 1 else "C",
        temperature=rest.float32("the temperature"),
        timestamp=date_time.take(rest, "the time stamp") if present & 1 << 1 else None,
        type=rest.unsigned(1, "the temperature type") if present & 1 << 2 else None,
    )
    rest.end()
    return measured


def decode_type(octets: bytes) -> TemperatureType:
    """Read a Temperature Type (2A1D)."""
    rest = Octets(octets)
    site = TemperatureType(rest.unsigned(1, "the temperature type"))
    rest.end()
    return site


def readings(group: Group) -> tuple[Reading, ...]:
    """Return the reading that an indication holds."""
    measured = decode(group[0].octets)
    told = _value(measured)
    found = absence(told, Validity.INVALID) + _doubts(told)
    return (
        Reading(
            kind=Kind.TEMPERATURE,
            values=(told,),
            validity=worst(found),
            octets=group,
            device_time=measured.timestamp,
            flags=flags(found),
        ),
    )


def _value(measured: Temperature) -> Value:
    unit = codes.FAHRENHEIT if measured.unit == "F" else codes.CELSIUS
    return value(_SITES.get(measured.type or 0, codes.TEMPERATURE), unit, measured.temperature)


def _doubts(told: Value) -> list[Finding]:
    window = FAHRENHEIT_WINDOW if told.unit == codes.FAHRENHEIT else CELSIUS_WINDOW
    return plausibility(told, window)


DECODES: Final = {
    TEMPERATURE_MEASUREMENT: decode,
    INTERMEDIATE_TEMPERATURE: decode,
    TEMPERATURE_TYPE: decode_type,
}
READS: Final = {TEMPERATURE_MEASUREMENT: readings}
