"""From the records of a continuous glucose sensor to readings, one for each record.

A record counts its minutes from the session's start, which only the CGM Session Start Time (2AAA)
tells. Where that is in the group, the readings have a device time.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from device_profiles import codes
from device_profiles.codecs import cgm, cgm_facts, date_time
from device_profiles.codecs.cgm import Record
from device_profiles.codecs.findings import (
    Finding,
    Window,
    absence,
    flags,
    from_bits,
    plausibility,
    signed_value,
    value,
    worst,
)
from device_profiles.gatt import CGM_MEASUREMENT, CGM_SESSION_START_TIME
from device_profiles.profile import Group
from device_profiles.reading import Absent, DeviceTime, Indication, Kind, Reading, Validity, Value

WINDOW: Final = Window(Decimal(10), Decimal(700))  # mg/dL
TOO_LOW: Final = 1 << 6
TOO_HIGH: Final = 1 << 7

# What spoils a strip's result spoils a sensor's too; a session that has ended, or that lacks its
# calibration, still measures, less well (J).
_STATUS: Final = {
    0: Finding("session_stopped", Validity.QUESTIONABLE),
    1: Finding("battery_low"),
    2: Finding("sensor_type", Validity.INVALID),
    3: Finding("sensor_malfunction", Validity.INVALID),
    4: Finding("device_specific_alert"),
    5: Finding("device_fault", Validity.INVALID),
}
_CALTEMP: Final = {
    0: Finding("time_synchronisation_required"),
    1: Finding("calibration_not_allowed"),
    2: Finding("calibration_recommended"),
    3: Finding("calibration_required", Validity.QUESTIONABLE),
    4: Finding("temperature_high", Validity.INVALID),
    5: Finding("temperature_low", Validity.INVALID),
}
_WARNING: Final = {
    0: Finding("below_patient_low"),
    1: Finding("above_patient_high"),
    2: Finding("below_hypo"),
    3: Finding("above_hyper"),
    4: Finding("falling_fast"),
    5: Finding("rising_fast"),
    6: Finding("below_range"),
    7: Finding("above_range"),
}


def readings(group: Group) -> tuple[Reading, ...]:
    """Return a reading of each record, with that record's octets."""
    start = _start(group[1:])
    parts = cgm.split(group[0].octets)
    return tuple(_reading(part, start, group) for part in parts)


def _reading(part: bytes, start: DeviceTime | None, group: Group) -> Reading:
    record = cgm.record(part)
    told = _value(record)
    found = _annunciation(record) + _doubts(record, told)
    trend = () if record.trend is None else (_trend(record.trend),)
    time = None if start is None else date_time.later(start, record.offset_min)
    if start is not None and time is None:
        found.append(Finding("time_offset_impossible"))
    return Reading(
        kind=Kind.CONTINUOUS_GLUCOSE,
        values=(told, *trend),
        validity=worst(found),
        octets=(Indication(uuid=group[0].uuid, octets=part), *group[1:]),
        device_time=time or start,
        flags=flags(found),
        sequence=record.offset_min,
    )


def _start(rest: Sequence[Indication]) -> DeviceTime | None:
    told = (one.octets for one in rest if one.uuid == CGM_SESSION_START_TIME)
    return next((cgm_facts.decode_start(octets).timestamp for octets in told), None)


def _value(record: Record) -> Value:
    """A sensor that says "lower" or "higher than I can process" has no number."""
    amount = record.mg_dl
    beyond = (record.warning or 0) & (TOO_LOW | TOO_HIGH)
    if beyond == TOO_LOW:
        amount = Absent.BELOW_RANGE
    elif beyond == TOO_HIGH:
        amount = Absent.ABOVE_RANGE
    return value(codes.GLUCOSE_INTERSTITIAL, codes.MG_DL, amount)


def _trend(amount: Decimal | Absent) -> Value:
    return signed_value(codes.GLUCOSE_TREND, codes.MG_DL_MIN, amount)


def _annunciation(record: Record) -> list[Finding]:
    return (
        from_bits(record.status, _STATUS)
        + from_bits(record.caltemp, _CALTEMP)
        + from_bits(record.warning, _WARNING)
    )


def _doubts(record: Record, told: Value) -> list[Finding]:
    found: list[Finding] = []
    if told.absent not in (Absent.ABOVE_RANGE, Absent.BELOW_RANGE):
        found += absence(told, Validity.INVALID)
    warning = record.warning or 0
    if warning & TOO_LOW and warning & TOO_HIGH:
        found.append(Finding("contradictory_status", Validity.INVALID))
    if told.number == 0:
        return [*found, Finding("glucose_zero", Validity.INVALID)]
    return found + plausibility(told, WINDOW)


READS: Final = {CGM_MEASUREMENT: readings}
