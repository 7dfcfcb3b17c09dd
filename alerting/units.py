"""Units of one quantity, their fixed conversions, and how they are written for people."""

from decimal import Decimal
from typing import Final

from device_profiles.codes import (
    CELSIUS,
    FAHRENHEIT,
    KG,
    KPA,
    MG_DL,
    MMHG,
    MMOL_L,
    PER_MINUTE,
    POUND,
)

# By two units, what one of the first is in the second, and where the second begins: mmHg in a kPa
# (1 mmHg = 133.322 Pa), mg/dL of glucose (180.182 g/mol) in a mmol/L, kg in a pound, degrees.
_LINES: Final = {
    (KPA, MMHG): (Decimal("7.50062"), Decimal(0)),
    (MMOL_L, MG_DL): (Decimal("18.0182"), Decimal(0)),
    (POUND, KG): (Decimal("0.45359237"), Decimal(0)),
    (CELSIUS, FAHRENHEIT): (Decimal("1.8"), Decimal(32)),
}
_WRITTEN: Final = {
    MMHG: "mmHg",
    PER_MINUTE: "beats/min",
    POUND: "lb",
    CELSIUS: "°C",
    FAHRENHEIT: "°F",
}


def convert(number: Decimal, unit: str, to: str) -> Decimal | None:
    """Return the number in the unit `to`, or None where no conversion is known."""
    if unit == to:
        return number
    if (unit, to) in _LINES:
        factor, start = _LINES[unit, to]
        return number * factor + start
    if (to, unit) in _LINES:
        factor, start = _LINES[to, unit]
        return (number - start) / factor
    return None


def written(unit: str) -> str:
    """Return a UCUM unit as people write it."""
    return _WRITTEN.get(unit, unit)
