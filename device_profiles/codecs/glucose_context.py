"""Glucose Measurement Context (2A34): what the patient told the meter about a measurement.

Source: Glucose Service 1.0.1, 3.2; GATT Specification Supplement.
"""

from dataclasses import dataclass
from typing import Final

from device_profiles.codecs.medfloat import Amount
from device_profiles.codecs.octets import Octets
from device_profiles.errors import DecodeError
from device_profiles.gatt import GLUCOSE_CONTEXT
from device_profiles.profile import Group
from device_profiles.reading import Reading

_CARBOHYDRATE, _MEAL, _TESTER_HEALTH, _EXERCISE, _MEDICATION, _LITRE, _HBA1C, _EXTENDED = (
    1 << bit for bit in range(8)
)


@dataclass(frozen=True, slots=True)
class Context:
    """One context, as it says it. `medication_unit` is kg or L."""

    seq: int
    extended: int | None
    carbohydrate_id: int | None
    carbohydrate_kg: Amount | None
    meal: int | None
    tester: int | None
    health: int | None
    exercise_s: int | None
    exercise_pct: int | None
    medication_id: int | None
    medication: Amount | None
    medication_unit: str | None
    hba1c_pct: Amount | None


def decode(octets: bytes) -> Context:
    """Read a Glucose Measurement Context."""
    rest = Octets(octets)
    present = rest.unsigned(1, "the flags")
    seq = rest.unsigned(2, "the sequence number")
    extended = rest.unsigned(1, "the extended flags") if present & _EXTENDED else None
    carbohydrate = _substance(rest, "carbohydrate") if present & _CARBOHYDRATE else (None, None)
    meal = rest.unsigned(1, "the meal") if present & _MEAL else None
    asked = rest.unsigned(1, "tester and health") if present & _TESTER_HEALTH else None
    exercise = _exercise(rest) if present & _EXERCISE else (None, None)
    medication = _substance(rest, "medication") if present & _MEDICATION else (None, None)
    hba1c = rest.sfloat("the HbA1c") if present & _HBA1C else None
    rest.end()
    unit = "L" if present & _LITRE else "kg"
    return Context(
        seq=seq,
        extended=extended,
        carbohydrate_id=carbohydrate[0],
        carbohydrate_kg=carbohydrate[1],
        meal=meal,
        tester=None if asked is None else asked & 0xF,
        health=None if asked is None else asked >> 4,
        exercise_s=exercise[0],
        exercise_pct=exercise[1],
        medication_id=medication[0],
        medication=medication[1],
        medication_unit=unit if present & _MEDICATION else None,
        hba1c_pct=hba1c,
    )


def readings(group: Group) -> tuple[Reading, ...]:
    """Refuse a context that has no measurement; the octets then travel as they are."""
    context = decode(group[0].octets)
    raise DecodeError(f"a glucose context without its measurement, sequence number {context.seq}")


def _substance(rest: Octets, what: str) -> tuple[int, Amount]:
    return rest.unsigned(1, f"the {what} id"), rest.sfloat(f"the {what}")


def _exercise(rest: Octets) -> tuple[int, int]:
    return rest.unsigned(2, "the exercise duration"), rest.unsigned(1, "the exercise intensity")


DECODES: Final = {GLUCOSE_CONTEXT: decode}
