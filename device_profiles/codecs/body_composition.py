"""Body Composition Measurement (2A9C): what a body scale says, in one packet or in two.

Source: Body Composition Service 1.0, 3.2; GATT Specification Supplement. A measurement that one
packet cannot hold comes as two indications in a row, both with the "multiple packet" flag. Both
have the body fat; the second has the rest of the fields and neither time stamp nor user.
"""

from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Final

from device_profiles.codecs import date_time, masses
from device_profiles.codecs.medfloat import Amount
from device_profiles.codecs.octets import Octets
from device_profiles.errors import DecodeError
from device_profiles.gatt import BODY_COMPOSITION_MEASUREMENT
from device_profiles.reading import DeviceTime

_IMPERIAL: Final = 1 << 0
_TIME: Final = 1 << 1
_USER: Final = 1 << 2
_WEIGHT: Final = 1 << 10
_TWO_PACKETS: Final = 1 << 12


@dataclass(frozen=True, slots=True)
class BodyComposition:
    """What one measurement says. Masses are in kg or lb as `unit` says, height in m or inches."""

    unit: str
    fat_pct: Amount
    timestamp: DeviceTime | None
    user_id: int | None
    bmr_kj: int | None
    muscle_pct: Decimal | None
    muscle_mass: Decimal | None
    fat_free_mass: Decimal | None
    soft_lean_mass: Decimal | None
    water_mass: Decimal | None
    impedance_ohm: Decimal | None
    weight: Amount | None
    height: Decimal | None
    multiple_packets: bool


def decode(octets: bytes) -> BodyComposition:
    """Read one Body Composition Measurement packet."""
    rest = Octets(octets)
    present = rest.unsigned(2, "the flags")
    imperial = bool(present & _IMPERIAL)
    mass, length = masses.mass_step(imperial=imperial), masses.length_step(imperial=imperial)

    def steps(bit: int, step: Decimal, field: str) -> Decimal | None:
        return masses.steps(rest, step, field) if present & 1 << bit else None

    measured = BodyComposition(
        unit="lb" if imperial else "kg",
        fat_pct=masses.measured_steps(rest, masses.TENTH, "the body fat"),
        timestamp=date_time.take(rest, "the time stamp") if present & _TIME else None,
        user_id=rest.unsigned(1, "the user id") if present & _USER else None,
        bmr_kj=rest.unsigned(2, "the basal metabolism") if present & 1 << 3 else None,
        muscle_pct=steps(4, masses.TENTH, "the muscle percentage"),
        muscle_mass=steps(5, mass, "the muscle mass"),
        fat_free_mass=steps(6, mass, "the fat free mass"),
        soft_lean_mass=steps(7, mass, "the soft lean mass"),
        water_mass=steps(8, mass, "the body water"),
        impedance_ohm=steps(9, masses.TENTH, "the impedance"),
        weight=masses.measured_steps(rest, mass, "the weight") if present & _WEIGHT else None,
        height=steps(11, length, "the height"),
        multiple_packets=bool(present & _TWO_PACKETS),
    )
    rest.end()
    return measured


def continues(first: BodyComposition, second: BodyComposition) -> bool:
    """Say whether two packets are the halves of one measurement."""
    return (
        first.multiple_packets
        and second.multiple_packets
        and (first.unit, first.fat_pct) == (second.unit, second.fat_pct)
        and second.timestamp is None
        and second.user_id is None
    )


def joined(first: BodyComposition, second: BodyComposition) -> BodyComposition:
    """Return what two packets say together. Raises DecodeError where they are not of one kind."""
    if not continues(first, second):
        raise DecodeError("these two body composition packets are not of one measurement")
    names = (field.name for field in fields(second))
    told = {name: getattr(second, name) for name in names}
    return replace(first, **{name: said for name, said in told.items() if said is not None})


DECODES: Final = {BODY_COMPOSITION_MEASUREMENT: decode}
