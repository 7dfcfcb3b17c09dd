"""From what a scale says to a Reading: a weight, a body composition, or both of one step on it."""

from decimal import Decimal
from typing import Final

from device_profiles import codes
from device_profiles.codecs import body_composition, masses, weight
from device_profiles.codecs.body_composition import BodyComposition
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
from device_profiles.codecs.weight import Weight
from device_profiles.errors import DecodeError
from device_profiles.gatt import BODY_COMPOSITION_MEASUREMENT, WEIGHT_MEASUREMENT
from device_profiles.profile import Group
from device_profiles.reading import Absent, Kind, Reading, Validity, Value

KG_PER_POUND: Final = Decimal("0.45359237")
WEIGHT_WINDOW: Final = Window(Decimal(2), Decimal(350))  # kg
PERCENT_WINDOW: Final = Window(Decimal(0), Decimal(100))
_NOBODY: Final = (None, masses.UNKNOWN_USER)
_Said = Weight | BodyComposition


def readings(group: Group) -> tuple[Reading, ...]:
    """Return the reading of one step on a scale; the weight, if it is there, comes first."""
    said = _said(group)
    values = _values(said)
    found = _doubts(values)
    body = any(isinstance(each, BodyComposition) for each in said)
    return (
        Reading(
            kind=Kind.BODY_COMPOSITION if body else Kind.WEIGHT,
            values=values,
            validity=worst(found),
            octets=group,
            device_time=next((each.timestamp for each in said if each.timestamp), None),
            flags=flags(found),
            user=next((each.user_id for each in said if each.user_id not in _NOBODY), None),
        ),
    )


def _said(group: Group) -> tuple[_Said, ...]:
    if group[0].uuid != WEIGHT_MEASUREMENT:
        return (_body(group),)
    stood = weight.decode(group[0].octets)
    return (stood, _body(group[1:])) if group[1:] else (stood,)


def _body(packets: Group) -> BodyComposition:
    """Half a measurement is refused: the second half alone says neither when nor who."""
    first = body_composition.decode(packets[0].octets)
    if not first.multiple_packets:
        return first
    if not packets[1:]:
        raise DecodeError("half a body composition: it comes in two packets")
    return body_composition.joined(first, body_composition.decode(packets[1].octets))


def _values(said: tuple[_Said, ...]) -> tuple[Value, ...]:
    """Of what both say, such as the weight, the scale's own is taken."""
    told: dict[int, Value] = {}
    for each in said:
        for one in _of_weight(each) if isinstance(each, Weight) else _of_body(each):
            told.setdefault(one.mdc, one)
    return tuple(told.values())


def _of_weight(stood: Weight) -> list[Value]:
    mass, length = _units(stood.unit)
    return _present(
        (codes.WEIGHT, mass, stood.weight),
        (codes.BMI, codes.KG_M2, _unless_zero(stood.bmi)),
        (codes.HEIGHT, length, _unless_zero(stood.height)),
    )


def _of_body(body: BodyComposition) -> list[Value]:
    mass, length = _units(body.unit)
    return _present(
        (codes.WEIGHT, mass, body.weight),
        (codes.BODY_FAT, codes.PERCENT, body.fat_pct),
        (codes.MUSCLE_PERCENT, codes.PERCENT, body.muscle_pct),
        (codes.MUSCLE_MASS, mass, body.muscle_mass),
        (codes.FAT_FREE_MASS, mass, body.fat_free_mass),
        (codes.SOFT_LEAN_MASS, mass, body.soft_lean_mass),
        (codes.BODY_WATER, mass, body.water_mass),
        (codes.IMPEDANCE, codes.OHM, body.impedance_ohm),
        (codes.BASAL_METABOLISM, codes.KILOJOULE, _decimal(body.bmr_kj)),
        (codes.HEIGHT, length, _unless_zero(body.height)),
    )


def _present(*told: tuple[codes.Term, str, Amount | None]) -> list[Value]:
    return [value(term, unit, amount) for term, unit, amount in told if amount is not None]


def _units(unit: str) -> tuple[str, str]:
    return (codes.POUND, codes.INCH) if unit == "lb" else (codes.KG, codes.METRE)


def _unless_zero(amount: Decimal | None) -> Amount | None:
    """A scale that was never told how tall its user is sends 0 (J)."""
    return Absent.SENTINEL if amount == 0 else amount


def _decimal(number: int | None) -> Decimal | None:
    return None if number is None else Decimal(number)


def _doubts(values: tuple[Value, ...]) -> list[Finding]:
    """Body fat that was not measured, as in shoes, takes nothing from a weight that was."""
    told = {each.mdc: each for each in values}
    found: list[Finding] = []
    mass, fat = told.get(codes.WEIGHT.mdc), told.get(codes.BODY_FAT.mdc)
    if mass is not None:
        factor = KG_PER_POUND if mass.unit == codes.POUND else Decimal(1)
        found += absence(mass, Validity.INVALID) + plausibility(mass, WEIGHT_WINDOW, factor)
    if fat is not None:
        alone = mass is None or mass.number is None
        found += absence(fat, Validity.INVALID if alone else Validity.VALID)
    for each in values:
        if each.unit == codes.PERCENT:
            found += plausibility(each, PERCENT_WINDOW)
    return found


READS: Final = {WEIGHT_MEASUREMENT: readings, BODY_COMPOSITION_MEASUREMENT: readings}
