"""Weight Measurement (2A9D): what a scale says.

Source: Weight Scale Service 1.0, 3.2; GATT Specification Supplement.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from device_profiles.codecs import date_time, masses
from device_profiles.codecs.medfloat import Amount
from device_profiles.codecs.octets import Octets
from device_profiles.gatt import WEIGHT_MEASUREMENT
from device_profiles.reading import DeviceTime

_IMPERIAL, _TIME, _USER, _BMI = (1 << bit for bit in range(4))


@dataclass(frozen=True, slots=True)
class Weight:
    """What one indication says. Height is in metres, or in inches where `unit` is lb."""

    unit: str
    weight: Amount
    timestamp: DeviceTime | None
    user_id: int | None
    bmi: Decimal | None
    height: Decimal | None


def decode(octets: bytes) -> Weight:
    """Read a Weight Measurement."""
    rest = Octets(octets)
    present = rest.unsigned(1, "the flags")
    imperial, body = bool(present & _IMPERIAL), bool(present & _BMI)
    length = masses.length_step(imperial=imperial)
    measured = Weight(
        unit="lb" if imperial else "kg",
        weight=masses.measured_steps(rest, masses.mass_step(imperial=imperial), "the weight"),
        timestamp=date_time.take(rest, "the time stamp") if present & _TIME else None,
        user_id=rest.unsigned(1, "the user id") if present & _USER else None,
        bmi=masses.steps(rest, masses.TENTH, "the body mass index") if body else None,
        height=masses.steps(rest, length, "the height") if body else None,
    )
    rest.end()
    return measured


DECODES: Final = {WEIGHT_MEASUREMENT: decode}
