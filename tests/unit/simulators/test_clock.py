"""A device's clock: wrong until it is set, then right from that moment on."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from simulators.peripherals.clock import DeviceClock
from simulators.peripherals.gatt_table import AttError

BERLIN = ZoneInfo("Europe/Berlin")


def at_noon() -> datetime:
    return datetime(2026, 7, 1, 10, 0, 0, 500_000, tzinfo=UTC)  # 12:00 in Berlin, a Wednesday


def test_it_shows_the_wall_clock_of_the_home_plus_its_error() -> None:
    clock = DeviceClock(BERLIN, timedelta(hours=-1), at_noon)
    # 2026-07-01 11:00:00, Wednesday, 128/256 s, adjust reason 0
    assert clock.read() == bytes.fromhex("ea07 07 01 0b 00 00 03 80 00")


def test_a_written_clock_is_taken_over_for_later_stamps() -> None:
    clock = DeviceClock(BERLIN, timedelta(days=-400), at_noon)
    measured = datetime(2026, 7, 1, 8, 0)  # noqa: DTZ001 - a wall clock
    assert clock.stamp(measured) == measured - timedelta(days=400)
    clock.write(bytes.fromhex("ea07 07 01 0c 00 00 03 80 00"))
    assert clock.error == timedelta(0)
    assert clock.stamp(measured) == measured


@pytest.mark.parametrize(
    ("octets", "code"),
    [("ea070701", 0x0D), ("ea07 0d 01 0c 00 00 03 00 00", 0x13), ("0000" + "00" * 8, 0x13)],
    ids=["short", "month 13", "nothing known"],
)
def test_what_is_no_time_is_refused(octets: str, code: int) -> None:
    clock = DeviceClock(BERLIN, timedelta(0), at_noon)
    with pytest.raises(AttError) as refused:
        clock.write(bytes.fromhex(octets))
    assert refused.value.code == code
