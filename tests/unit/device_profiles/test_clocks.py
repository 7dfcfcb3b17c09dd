"""Date Time and Current Time. Octets are written by hand from the GATT Specification Supplement."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.codecs import current_time, date_time
from device_profiles.errors import DecodeError
from device_profiles.reading import DeviceTime
from tests.unit.device_profiles.octets import octets

FIRST = datetime.fromisoformat("1582-01-01")
WALLS = st.datetimes(min_value=FIRST)


# year u16 little-endian, month, day, hour, minute, second
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ea07 0b 15 08 1e 00", "2026-11-21T08:30:00"),
        ("0000 04 11 14 29 3b", "0000-04-17T20:41:59"),  # year unknown
        ("ea07 00 00 00 00 00", "2026-00-00T00:00:00"),  # month and day unknown
        ("2e06 01 01 00 00 00", "1582-01-01T00:00:00"),  # the first year
        ("0f27 0c 1f 17 3b 3b", "9999-12-31T23:59:59"),  # the last
        ("ea07 02 1e 00 00 00", "2026-02-30T00:00:00"),  # kept as told; no time in it
    ],
)
def test_date_time(text: str, expected: str) -> None:
    assert str(date_time.decode(octets(text)).timestamp) == expected


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("0100 01 01 00 00 00", "year"),
        ("2d06 01 01 00 00 00", "year"),  # 1581
        ("1027 01 01 00 00 00", "year"),  # 10000
        ("ffff 01 01 00 00 00", "year"),
        ("ea07 0d 01 00 00 00", "month"),
        ("ea07 01 20 00 00 00", "day"),
        ("ea07 01 01 18 00 00", "hour"),
        ("ea07 01 01 00 3c 00", "minute"),
        ("ea07 01 01 00 00 3c", "second"),
        ("", "7 octets"),
        ("ea07 01 01 00 00", "7 octets"),
        ("ea07 01 01 00 00 00 00", "too long"),
    ],
)
def test_impossible_date_time(text: str, part: str) -> None:
    with pytest.raises(DecodeError, match=part):
        date_time.decode(octets(text))


@pytest.mark.parametrize(
    ("year", "month", "day"), [(0, 4, 17), (2026, 0, 1), (2026, 1, 0), (2026, 2, 30)]
)
def test_an_incomplete_date_is_no_wall_time(year: int, month: int, day: int) -> None:
    time = DeviceTime(year=year, month=month, day=day, hour=0, minute=0, second=0)
    assert time.wall() is None


@given(WALLS)
def test_what_we_write_to_a_clock_it_reads_back(wall: datetime) -> None:
    told = date_time.decode(date_time.encode(wall)).timestamp
    assert told.wall() == wall.replace(microsecond=0)


def test_the_octets_that_set_a_clock() -> None:
    saturday = datetime.fromisoformat("2026-11-21T08:30:05.500000")
    assert date_time.encode(saturday) == octets("ea07 0b 15 08 1e 05")
    # day of the week 6, 128/256 s, adjust reason bit 1: external reference
    assert current_time.encode(saturday) == octets("ea07 0b 15 08 1e 05 06 80 02")


@pytest.mark.parametrize(
    ("microsecond", "fraction"), [(0, 0), (3906, 0), (3907, 1), (250_000, 64), (999_999, 255)]
)
def test_fractions_are_whole_256ths_of_a_second(microsecond: int, fraction: int) -> None:
    wall = FIRST.replace(microsecond=microsecond)
    assert current_time.encode(wall)[8] == fraction


def test_the_first_year_is_written_and_a_time_before_it_is_not() -> None:
    assert date_time.encode(FIRST) == octets("2e06 01 01 00 00 00")
    with pytest.raises(ValueError, match="1582"):
        date_time.encode(FIRST - timedelta(days=1))


@given(WALLS)
def test_current_time_reads_back(wall: datetime) -> None:
    told = current_time.decode(current_time.encode(wall))
    assert told.timestamp.wall() == wall.replace(microsecond=0)
    assert told.dow == wall.isoweekday()


def test_reserved_days_and_reasons_are_reported() -> None:
    told = current_time.decode(octets("0000 00 00 00 00 00 09 ff f0"))
    assert (told.dow, told.frac256, told.adjust) == (9, 255, 0xF0)


@pytest.mark.parametrize("length", [0, 7, 9, 11])
def test_current_time_has_ten_octets(length: int) -> None:
    with pytest.raises(DecodeError):
        current_time.decode(octets("ea07 0b 15 08 1e 05 06 80 02 00")[:length])
