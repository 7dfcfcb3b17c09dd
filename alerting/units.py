"""Units of one quantity, their fixed conversions, and how they are written for people."""

from collections.abc import Iterable, Mapping
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


def typed(text: str) -> str:
    """Return the UCUM unit of what people type: `mmHg`, `lb`, `°F`, or UCUM itself."""
    return {shown.lower(): unit for unit, shown in _WRITTEN.items()}.get(text.lower(), text)


def both(number: Decimal, unit: str, preferred: str | None) -> str:
    """Return a number as measured, and in the reader's unit too where that is another one."""
    measured = f"{number:f} {written(unit)}"
    other = convert(number, unit, preferred) if preferred and preferred != unit else None
    if other is None or preferred is None:
        return measured
    return f"{measured} ({other:.1f} {written(preferred)})"


# What a quantity may be shown and typed in, the international way first.
QUANTITIES: Final = {
    "pressure": (MMHG, KPA),
    "glucose": (MMOL_L, MG_DL),
    "weight": (KG, POUND),
    "temperature": (CELSIUS, FAHRENHEIT),
}


def preferred(unit: str, units: Mapping[str, str]) -> str | None:
    """Return the unit of the same quantity that a reader wants; `units` is by quantity."""
    for quantity, known in QUANTITIES.items():
        if unit in known:
            return units.get(quantity)
    return None


def by_quantity(texts: Iterable[str]) -> dict[str, str]:
    """Return units as people type them by what they measure. Raises ValueError for another one."""
    found: dict[str, str] = {}
    for text in texts:
        unit = typed(text)
        quantity = next((name for name, known in QUANTITIES.items() if unit in known), None)
        if quantity is None:
            every = ", ".join(written(unit) for known in QUANTITIES.values() for unit in known)
            raise ValueError(f"{text} is none of {every}.")
        found[quantity] = unit
    return found
