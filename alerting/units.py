"""Units of one quantity, their fixed conversions, and how they are written for people."""

from decimal import Decimal
from typing import Final

from device_profiles.codes import KPA, MG_DL, MMHG, MMOL_L, PER_MINUTE

# mmHg in a kPa (1 mmHg = 133.322 Pa), and mg/dL of glucose (180.182 g/mol) in a mmol/L.
_FACTORS: Final = {
    (KPA, MMHG): Decimal("7.50062"),
    (MMOL_L, MG_DL): Decimal("18.0182"),
}
_WRITTEN: Final = {MMHG: "mmHg", PER_MINUTE: "beats/min"}


def convert(number: Decimal, unit: str, to: str) -> Decimal | None:
    """Return the number in the unit `to`, or None where no conversion is known."""
    if unit == to:
        return number
    if (unit, to) in _FACTORS:
        return number * _FACTORS[unit, to]
    if (to, unit) in _FACTORS:
        return number / _FACTORS[to, unit]
    return None


def written(unit: str) -> str:
    """Return a UCUM unit as people write it."""
    return _WRITTEN.get(unit, unit)
