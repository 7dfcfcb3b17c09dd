"""From a glucose record and its context to a Reading: the number, or why there is none."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from device_profiles import codes
from device_profiles.codecs import date_time, glucose_context
from device_profiles.codecs.findings import (
    Finding,
    Window,
    absence,
    flags,
    from_bits,
    plausibility,
    value,
    worst,
)
from device_profiles.codecs.glucose import MOL_PER_L, Glucose, decode
from device_profiles.gatt import GLUCOSE_CONTEXT, GLUCOSE_MEASUREMENT
from device_profiles.profile import Group
from device_profiles.reading import Absent, Indication, Kind, Reading, Validity, Value

MG_DL_PER_MMOL_L: Final = Decimal("18.0182")
WINDOW: Final = Window(Decimal(10), Decimal(700))  # mg/dL
CONTROL_SAMPLE: Final = 0xA
CONTROL_LOCATION: Final = 4
# CareSens meters store a ketone as glucose and mark it with a meal that is reserved otherwise;
# 0.4 mmol/L of ketone then looks like a deadly 4 mg/dL of glucose.
KETONE_MEAL: Final = 6
TOO_HIGH: Final = 1 << 5
TOO_LOW: Final = 1 << 6

_SAMPLES: Final = {
    1: codes.GLUCOSE_CAPILLARY_BLOOD,
    2: codes.GLUCOSE_CAPILLARY_PLASMA,
    3: codes.GLUCOSE_VENOUS_BLOOD,
    4: codes.GLUCOSE_VENOUS_PLASMA,
    5: codes.GLUCOSE_ARTERIAL_BLOOD,
    6: codes.GLUCOSE_ARTERIAL_PLASMA,
    7: codes.GLUCOSE_UNDETERMINED_BLOOD,
    8: codes.GLUCOSE_UNDETERMINED_PLASMA,
    9: codes.GLUCOSE_INTERSTITIAL,
}
_STATUS: Final = {
    0: Finding("battery_low"),
    1: Finding("sensor_malfunction", Validity.INVALID),
    2: Finding("sample_size", Validity.INVALID),
    3: Finding("strip_insertion", Validity.INVALID),
    4: Finding("strip_type", Validity.INVALID),
    5: Finding("above_range"),
    6: Finding("below_range"),
    7: Finding("temperature_high", Validity.INVALID),
    8: Finding("temperature_low", Validity.INVALID),
    9: Finding("interrupted", Validity.INVALID),
    10: Finding("device_fault", Validity.INVALID),
    11: Finding("time_fault"),  # the value stays; timeline.py does not believe the time
}
_MEALS: Final = {
    1: Finding("before_meal"),
    2: Finding("after_meal"),
    3: Finding("fasting"),
    4: Finding("casual"),
    5: Finding("bedtime"),
    KETONE_MEAL: Finding("possible_ketone", Validity.INVALID),
}


def readings(group: Group) -> tuple[Reading, ...]:
    """Return the reading that a record and its context, if it has one, hold."""
    measured = decode(group[0].octets)
    told = _value(measured)
    device_time = date_time.later(measured.base_time, measured.offset_min or 0)
    found = from_bits(measured.status, _STATUS) + _doubts(measured, told) + _context(group[1:])
    if device_time is None:
        found.append(Finding("time_offset_impossible"))
    return (
        Reading(
            kind=Kind.GLUCOSE,
            values=(told,),
            validity=worst(found),
            octets=group,
            device_time=device_time or measured.base_time,
            flags=flags(found),
            sequence=measured.seq,
        ),
    )


def _value(measured: Glucose) -> Value:
    """A meter that says "too high" or "too low" has no number, whatever it put in its place."""
    molar = measured.unit == MOL_PER_L
    unit = codes.MMOL_L if molar else codes.MG_DL
    amount = measured.mmol_l if molar else measured.mg_dl
    beyond = (measured.status or 0) & (TOO_HIGH | TOO_LOW)
    if beyond == TOO_HIGH:
        amount = Absent.ABOVE_RANGE
    elif beyond == TOO_LOW:
        amount = Absent.BELOW_RANGE
    return value(_term(measured), unit, Absent.SENTINEL if amount is None else amount)


def _is_control(measured: Glucose) -> bool:
    return measured.type == CONTROL_SAMPLE or measured.location == CONTROL_LOCATION


def _term(measured: Glucose) -> codes.Term:
    if _is_control(measured):
        return codes.GLUCOSE_CONTROL
    return _SAMPLES.get(measured.type or 0, codes.GLUCOSE)


def _doubts(measured: Glucose, told: Value) -> list[Finding]:
    found = [Finding("control_solution", Validity.CONTROL)] if _is_control(measured) else []
    if told.absent not in (Absent.ABOVE_RANGE, Absent.BELOW_RANGE):
        found += absence(told, Validity.INVALID)
    if (measured.status or 0) & TOO_HIGH and (measured.status or 0) & TOO_LOW:
        found.append(Finding("contradictory_status", Validity.INVALID))
    if told.number == 0:
        return [*found, Finding("glucose_zero", Validity.INVALID)]
    factor = MG_DL_PER_MMOL_L if told.unit == codes.MMOL_L else Decimal(1)
    return found + plausibility(told, WINDOW, factor)


def _context(rest: Sequence[Indication]) -> list[Finding]:
    meals = [
        glucose_context.decode(indication.octets).meal
        for indication in rest
        if indication.uuid == GLUCOSE_CONTEXT
    ]
    return [_MEALS[meal] for meal in meals if meal in _MEALS]


READS: Final = {GLUCOSE_MEASUREMENT: readings}
