"""Blood Pressure Measurement (2A35): what a cuff says, and the reading that it makes.

Source: Blood Pressure Service 1.1.1, 3.1; GATT Specification Supplement.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from device_profiles.codecs import date_time
from device_profiles.codecs.findings import (
    PULSE_WINDOW,
    Finding,
    Window,
    absence,
    flags,
    from_bits,
    plausibility,
    value,
    worst,
)
from device_profiles.codecs.medfloat import Amount
from device_profiles.codecs.octets import Octets
from device_profiles.codes import (
    DIASTOLIC,
    KPA,
    MEAN_PRESSURE,
    MMHG,
    PER_MINUTE,
    PULSE_CUFF,
    SYSTOLIC,
)
from device_profiles.gatt import BLOOD_PRESSURE_MEASUREMENT
from device_profiles.profile import Group
from device_profiles.reading import Absent, DeviceTime, Kind, Reading, Validity, Value

UNKNOWN_USER: Final = 0xFF
MMHG_PER_KPA: Final = Decimal("7.50062")
# mmHg: Florence, BMC Family Practice 2015, doi 10.1186/s12875-015-0301-2, table 2.
SYSTOLIC_WINDOW: Final = Window(Decimal(50), Decimal(260))
DIASTOLIC_WINDOW: Final = Window(Decimal(0), Decimal(200))

# Bits 3 and 4 are one field: 1 above, 2 below the pulse range, 3 reserved.
_PULSE_RANGE: Final = {
    1: Finding("pulse_above_range"),
    2: Finding("pulse_below_range"),
}
_STATUS: Final = {
    0: Finding("body_movement", Validity.QUESTIONABLE),
    1: Finding("cuff_loose", Validity.QUESTIONABLE),
    2: Finding("irregular_pulse"),
    5: Finding("improper_position", Validity.QUESTIONABLE),
}


@dataclass(frozen=True, slots=True)
class BloodPressure:
    """What one indication says, as it says it."""

    unit: str
    systolic: Amount
    diastolic: Amount
    map: Amount
    timestamp: DeviceTime | None
    pulse: Amount | None
    user_id: int | None
    status: int | None


def decode(octets: bytes) -> BloodPressure:
    """Read a Blood Pressure Measurement."""
    rest = Octets(octets)
    present = rest.unsigned(1, "the flags")
    measured = BloodPressure(
        unit="kPa" if present & 1 else "mmHg",
        systolic=rest.sfloat("the systolic pressure"),
        diastolic=rest.sfloat("the diastolic pressure"),
        map=rest.sfloat("the mean pressure"),
        timestamp=date_time.take(rest, "the time stamp") if present & 1 << 1 else None,
        pulse=rest.sfloat("the pulse") if present & 1 << 2 else None,
        user_id=rest.unsigned(1, "the user id") if present & 1 << 3 else None,
        status=rest.unsigned(2, "the status") if present & 1 << 4 else None,
    )
    rest.end()
    return measured


def readings(group: Group) -> tuple[Reading, ...]:
    """Return the reading that an indication holds."""
    measured = decode(group[0].octets)
    values = _values(measured)
    found = _status(measured.status) + _doubts(*values)
    return (
        Reading(
            kind=Kind.BLOOD_PRESSURE,
            values=values,
            validity=worst(found),
            octets=group,
            device_time=measured.timestamp,
            flags=flags(found),
            user=None if measured.user_id == UNKNOWN_USER else measured.user_id,
        ),
    )


def _values(measured: BloodPressure) -> tuple[Value, ...]:
    """A mean of 0 is none: cuffs that do not compute it send 0 instead of NaN, as a BM85."""
    mean = Absent.SENTINEL if measured.map == 0 else measured.map
    unit = KPA if measured.unit == "kPa" else MMHG
    pressures = (
        value(SYSTOLIC, unit, measured.systolic),
        value(DIASTOLIC, unit, measured.diastolic),
        value(MEAN_PRESSURE, unit, mean),
    )
    if measured.pulse is None:
        return pressures
    return (*pressures, value(PULSE_CUFF, PER_MINUTE, measured.pulse))


def _status(status: int | None) -> list[Finding]:
    found = from_bits(status, _STATUS)
    pulse_range = _PULSE_RANGE.get((status or 0) >> 3 & 0b11)
    return [*found, pulse_range] if pulse_range else found


def _doubts(systolic: Value, diastolic: Value, _mean: Value, *pulse: Value) -> list[Finding]:
    """A missing mean or pulse takes nothing from the pair; a missing half of the pair does."""
    factor = MMHG_PER_KPA if systolic.unit == KPA else Decimal(1)
    found = absence(systolic, Validity.INVALID) + absence(diastolic, Validity.INVALID)
    found += plausibility(systolic, SYSTOLIC_WINDOW, factor)
    found += plausibility(diastolic, DIASTOLIC_WINDOW, factor)
    for rate in pulse:
        found += absence(rate, Validity.VALID) + plausibility(rate, PULSE_WINDOW)
    high, low = systolic.number, diastolic.number
    if high is not None and low is not None and low >= high:
        found.append(Finding("diastolic_not_below_systolic", Validity.QUESTIONABLE))
    return found


DECODES: Final = {BLOOD_PRESSURE_MEASUREMENT: decode}
READS: Final = {BLOOD_PRESSURE_MEASUREMENT: readings}
