"""Virtual patients and homes: deterministic, near the anchor, and readable by the simulator."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from simulators.home_file import HomeFile
from simulators.homes import Course, device, home, octets, rebase, thin
from simulators.peripherals.cuff import CuffSpec
from simulators.peripherals.glucometer import GlucometerSpec
from simulators.sample import (
    BLOOD_PRESSURE,
    GLUCOSE,
    MG_DL,
    OXYGEN,
    Amount,
    Sample,
)
from simulators.vitals.patient import VirtualPatient

BERLIN = ZoneInfo("Europe/Berlin")
ANCHOR = datetime(2026, 11, 21, 9, 30, 0, 123456, tzinfo=UTC)
FIRST = date(2026, 3, 2)


def samples(seed: int, kind: str, days: int = 14) -> list[Sample]:
    patient = VirtualPatient("p1", seed, adherence=1.0)
    return [sample for sample in patient.samples(FIRST, days) if sample.kind == kind]


def test_the_same_seed_gives_the_same_samples() -> None:
    first, again = (VirtualPatient("p1", 7).samples(FIRST, 30) for _ in range(2))
    assert first == again
    assert first != VirtualPatient("p1", 8).samples(FIRST, 30)
    assert first != VirtualPatient("p2", 7).samples(FIRST, 30)


def test_a_series_ends_a_minute_before_the_anchor_on_the_homes_wall_clock() -> None:
    series = samples(1, GLUCOSE)
    moved = rebase(reversed(series), ANCHOR, BERLIN)
    assert moved[-1].at == datetime.fromisoformat("2026-11-21T10:29:00")
    gaps = [later.at - earlier.at for earlier, later in pairwise(moved)]
    assert gaps == [b.at - a.at for a, b in pairwise(series)]
    assert rebase([], ANCHOR, BERLIN) == ()


def built(seed: int) -> HomeFile:
    def moved(kind: str) -> tuple[Sample, ...]:
        return rebase(samples(seed, kind), ANCHOR, BERLIN)

    devices = [
        device(moved(BLOOD_PRESSURE), "AA:BB:CC:00:00:01", "Cuff", Course(2), clock_error_s=90),
        device(moved(GLUCOSE), "AA:BB:CC:00:00:02", "Meter", pin="123456"),
        device(moved(OXYGEN), "AA:BB:CC:00:00:03", "Oximeter", Course(1, first_s=1.0)),
    ]
    return home(devices, seed, "Europe/Berlin")


def test_a_home_is_the_same_octets_each_time_and_can_be_read_again() -> None:
    assert octets(built(3)) == octets(built(3))
    assert octets(built(3)) != octets(built(4))
    assert HomeFile.model_validate_json(octets(built(3))) == built(3)


def test_the_newest_are_measured_during_the_run() -> None:
    cuff, meter, oximeter = built(3).devices
    assert isinstance(cuff, CuffSpec)
    assert [one.after_s for one in cuff.measurements[-3:]] == [0.0, 2.0, 7.0]
    assert {one.after_s for one in meter.measurements} == {0.0}
    assert [one.after_s for one in oximeter.measurements[-2:]] == [0.0, 1.0]


def test_meals_become_context_and_impossible_values_are_left_out() -> None:
    at = datetime.fromisoformat("1991-04-21T09:09:00")
    series = [
        Sample("s", GLUCOSE, at, {"glucose": Amount("HI", MG_DL)}, "before breakfast"),
        Sample("s", GLUCOSE, at, {"glucose": Amount(Decimal(0), MG_DL)}, "a value of 0"),
        Sample("s", GLUCOSE, at, {"glucose": Amount(Decimal(101), MG_DL)}, "unspecified"),
    ]
    (meter,) = home([device(series, "AA:BB:CC:00:00:02", "Meter")], 1, "UTC").devices
    assert isinstance(meter, GlucometerSpec)
    first, second = meter.measurements
    assert first.glucose == "HI"
    assert first.context is not None
    assert first.context.meal == 1
    assert (second.glucose, second.context) == (Decimal(101), None)


def test_a_device_measures_one_kind() -> None:
    mixed = VirtualPatient("p1", 1).samples(FIRST, 1)
    with pytest.raises(ValueError, match="one device measures one kind"):
        device(mixed, "AA:BB:CC:00:00:02", "Everything")


def test_thinning_keeps_samples_apart() -> None:
    series = samples(1, OXYGEN)
    kept = thin(series, timedelta(days=2))
    assert 6 <= len(kept) <= 7
    assert all(b.at - a.at >= timedelta(days=2) for a, b in pairwise(kept))
