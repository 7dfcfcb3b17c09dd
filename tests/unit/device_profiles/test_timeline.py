"""When was it measured? The cases are HL7 PHD's (Personal Health Device guide 2.0, time stamping).

Its cases 4 and 5, synchronised clocks and tick counters, occur in none of our devices: Date Time
and Current Time carry neither zone nor ticks, and nothing says that they are synchronised.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.reading import DeviceTime, Kind, Reading, Validity
from device_profiles.timeline import (
    FUTURE_WITHIN,
    UNVERIFIED_WITHIN,
    Basis,
    ClockCheck,
    Moment,
    correct,
    taken,
)

BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")
RECEIVED = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
NO_TIME = Moment(at=None, basis=Basis.NO_TRUE_TIME)


def told(text: str) -> DeviceTime:
    """Return a device time from text, where a part may be 0."""
    date, _, time = text.partition("T")
    year, month, day = map(int, date.split("-"))
    hour, minute, second = map(int, time.split(":"))
    return DeviceTime(year=year, month=month, day=day, hour=hour, minute=minute, second=second)


def check(device: str, hub: datetime = RECEIVED) -> ClockCheck:
    return ClockCheck(hub_time=hub, device_time=told(device))


def at(text: str, basis: Basis) -> Moment:
    return Moment(at=datetime.fromisoformat(text), basis=basis)


# Case 1: no time stamp.


@pytest.mark.parametrize("clock", [None, check("2026-11-21T13:00:00")])
def test_without_a_time_stamp_it_is_the_time_of_reception(clock: ClockCheck | None) -> None:
    assert correct(None, clock, RECEIVED, BERLIN) == Moment(at=RECEIVED, basis=Basis.RECEPTION)


# Case 2: not on the current timeline.


def test_a_time_after_its_reception_is_of_a_clock_that_was_reset_since() -> None:
    clock = check("2017-01-01T00:10:00")  # the battery was changed ten minutes ago
    assert correct(told("2026-11-21T08:00:00"), clock, RECEIVED, BERLIN) == NO_TIME


@pytest.mark.parametrize("clock", [None, check("2026-11-21T13:00:00")])
@pytest.mark.parametrize("date", ["0000-11-21", "2026-00-21", "2026-11-00", "2026-02-30"])
def test_an_unknown_part_of_the_date_is_no_time(date: str, clock: ClockCheck | None) -> None:
    assert correct(told(f"{date}T08:00:00"), clock, RECEIVED, BERLIN) == NO_TIME


# Case 3: on the current timeline, not synchronised.


@pytest.mark.parametrize(
    ("shown", "measured", "expected"),
    [
        ("2026-11-21T13:00:00", "2026-11-21T12:30:00", "2026-11-21T11:30:00Z"),  # right, in Berlin
        ("2026-11-21T13:10:00", "2026-11-21T12:40:00", "2026-11-21T11:30:00Z"),  # fast
        ("2026-11-21T12:50:00", "2026-11-21T12:20:00", "2026-11-21T11:30:00Z"),  # slow
        ("2017-01-03T00:00:00", "2017-01-01T00:00:00", "2026-11-19T12:00:00Z"),  # never set
        ("2030-01-01T00:00:00", "2029-12-31T23:59:59", "2026-11-21T11:59:59Z"),  # years ahead
        ("2026-11-21T13:00:00", "2026-10-01T13:00:00", "2026-10-01T12:00:00Z"),  # an old record
    ],
)
def test_the_error_of_the_clock_is_taken_away(shown: str, measured: str, expected: str) -> None:
    """An old record too: a device that is not set keeps counting through a change to winter."""
    moment = correct(told(measured), check(shown), RECEIVED, BERLIN)
    assert moment == at(expected, Basis.DEVICE_CLOCK)


def test_the_homes_zone_plays_no_part_where_the_clock_was_read() -> None:
    arguments = told("2026-11-21T12:30:00"), check("2026-11-21T13:00:00"), RECEIVED
    zones = (BERLIN, UTC_ZONE, ZoneInfo("Pacific/Auckland"))
    assert len({correct(*arguments, zone) for zone in zones}) == 1


def test_the_result_is_utc_whatever_zone_the_hub_writes() -> None:
    moment = correct(
        told("2026-11-21T12:30:00"),
        check("2026-11-21T13:00:00", RECEIVED.astimezone(BERLIN)),
        RECEIVED.astimezone(BERLIN),
        BERLIN,
    )
    assert moment.at is not None
    assert moment.at.isoformat() == "2026-11-21T11:30:00+00:00"


@pytest.mark.parametrize(
    ("late", "basis"),
    [
        (FUTURE_WITHIN, Basis.DEVICE_CLOCK),
        (FUTURE_WITHIN + timedelta(seconds=1), Basis.NO_TRUE_TIME),
    ],
)
def test_a_little_later_than_its_reception_is_a_drift(late: timedelta, basis: Basis) -> None:
    measured = told((datetime.fromisoformat("2026-11-21T13:00:00") + late).isoformat())
    assert correct(measured, check("2026-11-21T13:00:00"), RECEIVED, BERLIN).basis is basis


@pytest.mark.parametrize(
    ("shown", "measured"),
    [
        ("9999-12-31T23:59:59", "1582-01-01T00:00:00"),
        ("1582-01-01T00:00:00", "9999-12-31T23:59:59"),
    ],
)
def test_a_difference_beyond_all_years_is_no_time(shown: str, measured: str) -> None:
    assert correct(told(measured), check(shown), RECEIVED, BERLIN) == NO_TIME


# The clock could not be read.


@pytest.mark.parametrize("clock", [None, check("0000-11-21T13:00:00")])
def test_an_unread_clock_is_believed_for_a_day_in_the_homes_zone(clock: ClockCheck | None) -> None:
    moment = correct(told("2026-11-21T12:30:00"), clock, RECEIVED, BERLIN)
    assert moment == at("2026-11-21T11:30:00Z", Basis.CLOCK_UNVERIFIED)


@pytest.mark.parametrize(
    ("measured", "basis"),
    [
        ("2026-11-20T12:00:00", Basis.CLOCK_UNVERIFIED),  # a day to the second
        ("2026-11-20T11:59:59", Basis.NO_TRUE_TIME),
        ("2017-01-01T00:00:00", Basis.NO_TRUE_TIME),
        ("2026-11-21T12:05:00", Basis.CLOCK_UNVERIFIED),
        ("2026-11-21T12:05:01", Basis.NO_TRUE_TIME),
        ("9999-12-31T23:59:59", Basis.NO_TRUE_TIME),
        ("0001-01-01T00:00:00", Basis.NO_TRUE_TIME),
    ],
)
def test_an_unread_clock_that_is_not_of_today_is_no_time(measured: str, basis: Basis) -> None:
    assert timedelta(days=1) == UNVERIFIED_WITHIN
    assert correct(told(measured), None, RECEIVED, UTC_ZONE).basis is basis


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
@pytest.mark.parametrize("measured", ["9999-12-31T23:59:59", "0001-01-01T00:00:00"])
def test_the_ends_of_the_calendar_are_no_time_in_any_zone(zone: str, measured: str) -> None:
    assert correct(told(measured), None, RECEIVED, ZoneInfo(zone)) == NO_TIME


@pytest.mark.parametrize(
    ("measured", "received", "expected"),
    [
        # Summer time, CEST = UTC + 2, ends on 25 October 2026 at 01:00 UTC
        ("2026-10-24T12:00:00", "2026-10-24T10:05:00Z", "2026-10-24T10:00:00Z"),
        ("2026-10-25T01:59:59", "2026-10-25T05:00:00Z", "2026-10-24T23:59:59Z"),
        ("2026-10-25T02:30:00", "2026-10-25T05:00:00Z", "2026-10-25T00:30:00Z"),  # the first 02:30
        ("2026-10-25T03:00:00", "2026-10-25T05:00:00Z", "2026-10-25T02:00:00Z"),
        # and begins on 28 March 2027 at 01:00 UTC; 02:30 does not exist
        ("2027-03-28T01:59:59", "2027-03-28T05:00:00Z", "2027-03-28T00:59:59Z"),
        ("2027-03-28T02:30:00", "2027-03-28T05:00:00Z", "2027-03-28T01:30:00Z"),
        ("2027-03-28T03:00:00", "2027-03-28T05:00:00Z", "2027-03-28T01:00:00Z"),
    ],
)
def test_summer_time_of_the_home(measured: str, received: str, expected: str) -> None:
    moment = correct(told(measured), None, datetime.fromisoformat(received), BERLIN)
    assert moment == at(expected, Basis.CLOCK_UNVERIFIED)


# A device that says itself that its time is wrong.


def reading(*flags: str) -> Reading:
    return Reading(
        kind=Kind.GLUCOSE,
        values=(),
        validity=Validity.VALID,
        octets=(),
        device_time=told("2026-11-21T12:30:00"),
        flags=flags,
    )


@pytest.mark.parametrize("flag", ["time_fault", "time_offset_impossible"])
def test_a_time_fault_is_no_time(flag: str) -> None:
    clock = check("2026-11-21T13:00:00")
    assert taken(reading("battery_low", flag), clock, RECEIVED, BERLIN) == NO_TIME


def test_other_flags_leave_the_time_alone() -> None:
    clock = check("2026-11-21T13:00:00")
    assert taken(reading("battery_low"), clock, RECEIVED, BERLIN) == at(
        "2026-11-21T11:30:00Z", Basis.DEVICE_CLOCK
    )


def stamp(text: str) -> DeviceTime:
    at = datetime.fromisoformat(text)
    return DeviceTime(
        year=at.year, month=at.month, day=at.day, hour=at.hour, minute=at.minute, second=at.second
    )


# A cuff an hour ahead of Berlin's 13:00, set right at 12:00:01 UTC.
SET_RIGHT = ClockCheck(
    hub_time=datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
    device_time=stamp("2026-11-21T14:00:00"),
    set_at=datetime(2026, 11, 21, 12, 0, 1, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("measured", "received", "expected"),
    [
        # stored before: the old clock
        ("2026-11-21T09:30:00", "2026-11-21T12:00:05", "2026-11-21T07:30:00"),
        # taken in the same connection, after the setting: the new clock
        ("2026-11-21T13:00:40", "2026-11-21T12:00:41", "2026-11-21T12:00:40"),
        # sent before the setting: the old clock, whatever it looks like
        ("2026-11-21T14:00:00", "2026-11-21T12:00:00", "2026-11-21T12:00:00"),
    ],
)
def test_a_clock_that_was_set_in_the_same_connection(
    measured: str, received: str, expected: str
) -> None:
    at = datetime.fromisoformat(received).replace(tzinfo=UTC)
    moment = correct(stamp(measured), SET_RIGHT, at, BERLIN)
    assert moment.at == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert moment.basis is Basis.DEVICE_CLOCK


TIMES = st.builds(
    DeviceTime,
    year=st.just(0) | st.integers(1582, 9999),
    month=st.integers(0, 12),
    day=st.integers(0, 31),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    second=st.integers(0, 59),
)
HUB_TIMES = st.datetimes(
    min_value=datetime.fromisoformat("2020-01-01"),
    max_value=datetime.fromisoformat("2100-01-01"),
    timezones=st.sampled_from((UTC_ZONE, BERLIN)),
)
CHECKS = st.none() | st.builds(ClockCheck, hub_time=HUB_TIMES, device_time=TIMES)


@given(
    time=st.none() | TIMES,
    clock=CHECKS,
    received=HUB_TIMES,
    zone=st.sampled_from((UTC_ZONE, BERLIN, ZoneInfo("Pacific/Kiritimati"))),
)
def test_any_clock_gives_a_time_before_its_reception_or_none(
    time: DeviceTime | None, clock: ClockCheck | None, received: datetime, zone: ZoneInfo
) -> None:
    moment = correct(time, clock, received, zone)
    assert (moment.at is None) is (moment.basis is Basis.NO_TRUE_TIME)
    assert moment.at is None or moment.at - received <= FUTURE_WITHIN
