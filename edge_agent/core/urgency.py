"""Which readings go first. It orders the hub's sending only; alerts are the gateway's decision.

The limits are published ones: severe blood pressure (AHA/ACC 2025), level 2 hypoglycaemia (ADA),
oxygen (NHS home oximetry), pulse (NEWS2, Royal College of Physicians 2017).
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from device_profiles.codes import KPA, MG_DL, MMHG, MMOL_L, PER_MINUTE, PERCENT
from device_profiles.reading import Absent, Reading, Value
from device_profiles.wire.v1 import Class


class Limits(NamedTuple):
    """A number is severe below `below`, from `at_most` down, from `at_least` up, above `above`."""

    below: Decimal | None = None
    at_most: Decimal | None = None
    at_least: Decimal | None = None
    above: Decimal | None = None

    def broken_by(self, number: Decimal) -> bool:
        """Say whether this number is severe."""
        return (
            (self.below is not None and number < self.below)
            or (self.at_most is not None and number <= self.at_most)
            or (self.at_least is not None and number >= self.at_least)
            or (self.above is not None and number > self.above)
        )


SEVERE: Final[Mapping[tuple[str, str], Limits]] = MappingProxyType(
    {
        ("systolic", MMHG): Limits(below=Decimal(90), at_least=Decimal(180)),
        ("systolic", KPA): Limits(below=Decimal(12), at_least=Decimal(24)),
        ("diastolic", MMHG): Limits(below=Decimal(60), at_least=Decimal(120)),
        ("diastolic", KPA): Limits(below=Decimal(8), at_least=Decimal(16)),
        ("glucose", MG_DL): Limits(below=Decimal(54), above=Decimal(300)),
        ("glucose", MMOL_L): Limits(below=Decimal("3.0"), above=Decimal("16.7")),
        ("spo2", PERCENT): Limits(at_most=Decimal(92)),
        ("pulse", PER_MINUTE): Limits(at_most=Decimal(40), at_least=Decimal(131)),
    }
)
# A meter that can only say "off the scale" says the most urgent thing it can.
OFF_SCALE: Final = frozenset(
    {
        Absent.ABOVE_RANGE,
        Absent.BELOW_RANGE,
        Absent.POSITIVE_INFINITY,
        Absent.NEGATIVE_INFINITY,
    }
)


def class_of(reading: Reading) -> Class:
    """Return ALERT where any value is severe, ROUTINE otherwise."""
    return Class.ALERT if any(map(_severe, reading.values)) else Class.ROUTINE


def _severe(value: Value) -> bool:
    if value.number is None:
        return value.name == "glucose" and value.absent in OFF_SCALE
    limits = SEVERE.get((value.name, value.unit))
    return limits is not None and limits.broken_by(value.number)
