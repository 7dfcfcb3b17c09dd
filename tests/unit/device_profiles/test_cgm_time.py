"""When a sensor measured: minutes since its session began, and the time that it is told."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from device_profiles.codecs import cgm_reading, cgm_session
from device_profiles.identity import reading_id
from device_profiles.registry import PROFILES
from device_profiles.timeline import Basis, taken
from tests.fixtures.hub import arrival
from tests.unit.device_profiles.cgm_octets import BATTERY, START, sealed
from tests.unit.device_profiles.octets import group, indication, octets


def test_the_session_start_gives_a_time() -> None:
    sent = (*group(0x2AA7, "06 00 7800 0500"), BATTERY, START)
    (reading,) = cgm_reading.readings(sent)
    assert str(reading.device_time) == "2026-11-22T00:03:05"
    assert (reading.octets, reading.flags) == (sent, ())


def test_a_session_start_without_a_year_gives_none() -> None:
    unknown = indication(0x2AAA, "0000 0b 15 17 3a 05 80 ff")
    (reading,) = cgm_reading.readings((*group(0x2AA7, "06 00 7800 0500"), unknown))
    assert reading.device_time is not None
    assert reading.device_time.wall() is None


def test_an_offset_beyond_the_calendar_is_flagged() -> None:
    last = indication(0x2AAA, "0f27 0c 1f 17 3b 3b 80 ff")
    (reading,) = cgm_reading.readings((*group(0x2AA7, "06 00 7800 0500"), last))
    assert reading.flags == ("time_offset_impossible",)
    assert str(reading.device_time) == "9999-12-31T23:59:59"


def test_equal_records_of_two_sessions_are_two() -> None:
    """A new sensor says in its fifth minute what the old one said in its fifth."""
    told, later = START, indication(0x2AAA, "ea07 0c 05 17 3a 05 04 00")
    record = group(0x2AA7, "06 00 7800 0500")
    (first,), (again,), (other,) = (
        cgm_reading.readings((*record, start)) for start in (told, told, later)
    )
    arrivals = [arrival(order) for order in (0, 1, 2)]
    ids = [reading_id(one, came) for one, came in zip((first, again, other), arrivals, strict=True)]
    assert ids[0] == ids[1] != ids[2]


def test_a_record_without_its_session_has_no_time() -> None:
    (reading,) = PROFILES["generic_cgm"].readings(group(0x2AA7, "06 00 7800 0500"))
    assert reading.flags == ("session_start_unknown",)
    (known,) = PROFILES["generic_cgm"].readings((*group(0x2AA7, "06 00 7800 0500"), START))
    assert known.flags == ()
    came = datetime(2026, 11, 22, 1, tzinfo=UTC)
    assert taken(reading, None, came, ZoneInfo("UTC")).basis is Basis.NO_TRUE_TIME


# Time Zone counts quarters of an hour, DST Offset quarters too (4 is an hour); GSS.
@pytest.mark.parametrize(
    ("zone", "month", "said"),
    [
        ("Europe/Vienna", 1, "ea07 01 05 08 1e 00 04 00"),
        ("Europe/Vienna", 7, "ea07 07 05 08 1e 00 04 04"),
        ("America/New_York", 1, "ea07 01 05 08 1e 00 ec 00"),  # -20 quarters
        ("Asia/Kathmandu", 1, "ea07 01 05 08 1e 00 17 00"),
        ("Australia/Lord_Howe", 1, "ea07 01 05 08 1e 00 2a 02"),  # half an hour of summer time
    ],
)
def test_the_time_that_a_sensor_is_told(zone: str, month: int, said: str) -> None:
    local = datetime(2026, month, 5, 8, 30, tzinfo=ZoneInfo(zone))
    assert cgm_session.setting(bytes(9), local) == octets(said)
    assert cgm_session.setting(bytes(11), local) == sealed(said)


def test_a_sensor_counts_whole_minutes_and_is_right_within_one() -> None:
    start = START.octets  # 2026-11-21 23:58:05
    local = datetime(2026, 11, 22, 0, 4, 4, 500, tzinfo=ZoneInfo("Europe/Vienna"))
    assert str(cgm_session.shown(start, 5, local)) == "2026-11-22T00:04:04"
    assert str(cgm_session.shown(start, 4, local)) == "2026-11-22T00:02:05"  # two minutes behind
    assert str(cgm_session.shown(start, 6, local)) == "2026-11-22T00:04:05"  # ahead
    assert str(cgm_session.shown(start, 65, local)) == "2026-11-22T01:03:05"
    assert cgm_session.shown(octets("0f27 0c 1f 17 3b 3b 80 ff"), 5, local) is None


def test_a_start_without_a_date_is_not_set() -> None:
    assert cgm_session.is_set(START.octets)
    assert not cgm_session.is_set(bytes(9))
    assert cgm_session.count(octets("0a01 00 00 00")) == 266
