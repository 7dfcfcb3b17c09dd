"""How scales write masses, lengths and percentages: whole steps of a unit.

Source: GATT Specification Supplement, Weight Measurement and Body Composition Measurement.
"""

from decimal import Decimal
from typing import Final

from device_profiles.codecs.medfloat import Amount
from device_profiles.codecs.octets import Octets
from device_profiles.reading import Absent

UNSUCCESSFUL: Final = 0xFFFF  # "measurement unsuccessful", Weight Scale and Body Composition
UNKNOWN_USER: Final = 0xFF
TENTH: Final = Decimal("0.1")
_KG: Final = Decimal("0.005")
_POUND: Final = Decimal("0.01")
_METRE: Final = Decimal("0.001")
_INCH: Final = TENTH


def steps(rest: Octets, step: Decimal, field: str) -> Decimal:
    """Take a number of steps."""
    return rest.unsigned(2, field) * step


def measured_steps(rest: Octets, step: Decimal, field: str) -> Amount:
    """Take a number of steps that the device may have failed to measure."""
    count = rest.unsigned(2, field)
    return Absent.SENTINEL if count == UNSUCCESSFUL else count * step


def mass_step(*, imperial: bool) -> Decimal:
    """Return the step of a mass, in pounds or kg."""
    return _POUND if imperial else _KG


def length_step(*, imperial: bool) -> Decimal:
    """Return the step of a length, in inches or metres."""
    return _INCH if imperial else _METRE
