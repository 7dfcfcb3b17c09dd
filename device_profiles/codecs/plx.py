"""Pulse oximeter measurements: spot-check (2A5E) and continuous (2A5F), whose flags differ.

Source: Pulse Oximeter Service 1.0.1, sections 3.1 and 3.2.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from device_profiles.codecs import date_time, plx_status
from device_profiles.codecs.findings import (
    PULSE_WINDOW,
    Finding,
    Window,
    absence,
    flags,
    plausibility,
    value,
    worst,
)
from device_profiles.codecs.medfloat import Amount
from device_profiles.codecs.octets import Octets
from device_profiles.codes import PER_MINUTE, PERCENT, PULSE_AMPLITUDE, PULSE_OXIMETER, SPO2
from device_profiles.gatt import PLX_CONTINUOUS, PLX_SPOT_CHECK
from device_profiles.profile import Group
from device_profiles.reading import Absent, DeviceTime, Kind, Reading, Validity

SPO2_WINDOW: Final = Window(Decimal(50), Decimal(100))
# Oximeters show "--" and send this, or the octets FF FF, which are a negative SFLOAT.
SENTINEL: Final = Decimal(255)


@dataclass(frozen=True, slots=True)
class SpotCheck:
    """What one spot-check says, as it says it."""

    spo2: Amount
    pr: Amount
    timestamp: DeviceTime | None
    meas_status: int | None
    dev_status: int | None
    pai: Amount | None
    clock_not_set: bool


@dataclass(frozen=True, slots=True)
class Continuous:
    """What one continuous measurement says, as it says it."""

    spo2: Amount
    pr: Amount
    spo2_fast: Amount | None
    pr_fast: Amount | None
    spo2_slow: Amount | None
    pr_slow: Amount | None
    meas_status: int | None
    dev_status: int | None
    pai: Amount | None


def decode_spot_check(octets: bytes) -> SpotCheck:
    """Read a PLX Spot-Check Measurement."""
    rest = Octets(octets)
    present = rest.unsigned(1, "the flags")
    measured = SpotCheck(
        spo2=rest.sfloat("the SpO2"),
        pr=rest.sfloat("the pulse rate"),
        timestamp=date_time.take(rest, "the time stamp") if present & 1 else None,
        meas_status=rest.unsigned(2, "the measurement status") if present & 1 << 1 else None,
        dev_status=rest.unsigned(3, "the device status") if present & 1 << 2 else None,
        pai=rest.sfloat("the pulse amplitude index") if present & 1 << 3 else None,
        clock_not_set=bool(present & 1 << 4),
    )
    rest.end()
    return measured


def decode_continuous(octets: bytes) -> Continuous:
    """Read a PLX Continuous Measurement."""
    rest = Octets(octets)
    present = rest.unsigned(1, "the flags")
    fast, slow = bool(present & 1), bool(present & 1 << 1)
    measured = Continuous(
        spo2=rest.sfloat("the SpO2"),
        pr=rest.sfloat("the pulse rate"),
        spo2_fast=rest.sfloat("the fast SpO2") if fast else None,
        pr_fast=rest.sfloat("the fast pulse rate") if fast else None,
        spo2_slow=rest.sfloat("the slow SpO2") if slow else None,
        pr_slow=rest.sfloat("the slow pulse rate") if slow else None,
        meas_status=rest.unsigned(2, "the measurement status") if present & 1 << 2 else None,
        dev_status=rest.unsigned(3, "the device status") if present & 1 << 3 else None,
        pai=rest.sfloat("the pulse amplitude index") if present & 1 << 4 else None,
    )
    rest.end()
    return measured


def spot_check_readings(group: Group) -> tuple[Reading, ...]:
    """Return the reading that a spot-check holds."""
    measured = decode_spot_check(group[0].octets)
    clock = [Finding("clock_not_set")] if measured.clock_not_set else []
    return (_reading(group, measured, measured.timestamp, clock),)


def continuous_readings(group: Group) -> tuple[Reading, ...]:
    """Return the reading that a continuous measurement holds.

    Its fast and slow pairs are the same SpO2 and pulse, averaged over another time. MDC tells them
    apart by a modality, not by a code, so they stay in the octets: a second SpO2 in one reading
    would be a second alert.
    """
    return (_reading(group, decode_continuous(group[0].octets), None, []),)


def _reading(
    group: Group,
    measured: SpotCheck | Continuous,
    device_time: DeviceTime | None,
    clock: list[Finding],
) -> Reading:
    spo2 = value(SPO2, PERCENT, _unless_sentinel(measured.spo2))
    pulse = value(PULSE_OXIMETER, PER_MINUTE, _unless_sentinel(measured.pr))
    amplitude = () if measured.pai is None else (value(PULSE_AMPLITUDE, PERCENT, measured.pai),)
    found = plx_status.findings(measured.meas_status, measured.dev_status) + clock
    found += absence(spo2, Validity.INVALID) + plausibility(spo2, SPO2_WINDOW)
    # An oximeter that finds no pulse has measured SpO2 on very little (J).
    found += absence(pulse, Validity.QUESTIONABLE) + plausibility(pulse, PULSE_WINDOW)
    return Reading(
        kind=Kind.OXYGEN,
        values=(spo2, pulse, *amplitude),
        validity=worst(found),
        octets=group,
        device_time=device_time,
        flags=flags(found),
    )


def _unless_sentinel(amount: Amount) -> Amount:
    return Absent.SENTINEL if amount == SENTINEL else amount


DECODES: Final = {PLX_SPOT_CHECK: decode_spot_check, PLX_CONTINUOUS: decode_continuous}
READS: Final = {PLX_SPOT_CHECK: spot_check_readings, PLX_CONTINUOUS: continuous_readings}
