"""What becomes of a record between the radio's callback and the spool."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from device_profiles.gatt import (
    BLOOD_PRESSURE_MEASUREMENT,
    GLUCOSE_CONTEXT,
    GLUCOSE_MEASUREMENT,
    HEART_RATE_MEASUREMENT,
)
from device_profiles.reading import DeviceTime
from device_profiles.registry import PROFILES
from device_profiles.timeline import Basis, ClockCheck
from device_profiles.wire.body import RawBody, ReadingBody
from device_profiles.wire.hub_file import PairedDevice
from device_profiles.wire.v1 import Class
from edge_agent.core.allow_list import Allowed
from edge_agent.errors import SpoolRefused
from edge_agent.radio.home import Home
from edge_agent.radio.intake import Intake
from edge_agent.spool.sqlite import SqliteSpool
from tests.fixtures.hub import CUFF_OCTETS, Kit, make_kit, reading, trusted_clock

QUOTA = 65_536
# Written by hand from the Blood Pressure Service 1.1.1: flags time; 185/80/93 mmHg.
SEVERE = bytes.fromhex("02b90050005d00ea070b15080000")
# Glucose Service 1.0.1: flags concentration and context follows; seq 7; 100 mg/dL, finger.
RECORD = bytes.fromhex("120700ea070b1508000064b011")
CONTEXT = bytes.fromhex("02070001")  # meal: before


def allowed(profile: str) -> Allowed:
    device = PairedDevice(id=UUID(int=7), address="C0:FF:EE:00:00:01", profile=profile)
    return Allowed(device, PROFILES[profile])


@pytest.fixture
def kit() -> Kit:
    return make_kit()


@pytest.fixture
def home(tmp_path: Path, kit: Kit) -> Iterator[Home]:
    with closing(SqliteSpool(tmp_path, kit.sealer(), trusted_clock(), QUOTA)) as spool:
        yield Home(spool, trusted_clock(), ZoneInfo("Europe/Vienna"), 3.0)


def test_a_record_is_sealed_first_and_read_once_the_clock_is_known(home: Home, kit: Kit) -> None:
    intake = Intake(allowed("generic_cuff"), home, pytest.fail)
    intake.take(BLOOD_PRESSURE_MEASUREMENT, SEVERE)
    assert home.spool.depth().waiting == 1
    assert not home.spool.pending(20)
    shows = DeviceTime(year=2026, month=11, day=21, hour=8, minute=1, second=0)
    seen = ClockCheck(hub_time=home.clock.now(), device_time=shows)
    intake.clock_read(seen)
    (row,) = home.spool.pending(20)
    body = kit.open(row)
    assert isinstance(body, ReadingBody)
    assert (row.class_, body.basis, body.supersedes) == (Class.ALERT, Basis.DEVICE_CLOCK, ((1, 1),))
    assert body.arrival.clock == seen
    assert body.measured_at == seen.hub_time - timedelta(minutes=1)
    intake.take(BLOOD_PRESSURE_MEASUREMENT, CUFF_OCTETS)
    assert [row.class_ for row in home.spool.pending(20)] == [Class.ALERT, Class.ROUTINE]
    assert intake.count == 2


def test_the_end_of_a_session_without_a_clock_still_gives_a_reading(home: Home, kit: Kit) -> None:
    intake = Intake(allowed("generic_cuff"), home, pytest.fail)
    intake.take(BLOOD_PRESSURE_MEASUREMENT, CUFF_OCTETS)
    intake.finish()
    body = kit.open(home.spool.pending(20)[0])
    assert isinstance(body, ReadingBody)
    assert body.basis is Basis.RECEPTION


def test_what_cannot_be_read_travels_as_it_came(home: Home, kit: Kit) -> None:
    intake = Intake(allowed("generic_cuff"), home, pytest.fail)
    intake.clock_read(None)
    intake.take(BLOOD_PRESSURE_MEASUREMENT, b"\x00")
    body = kit.open(home.spool.pending(20)[0])
    assert isinstance(body, RawBody)
    assert body.indication.octets == b"\x00"


def test_a_record_waits_for_its_context(home: Home, kit: Kit) -> None:
    intake = Intake(allowed("generic_glucometer"), home, pytest.fail)
    intake.clock_read(None)
    intake.take(GLUCOSE_MEASUREMENT, RECORD)
    assert not home.spool.pending(20)
    intake.take(GLUCOSE_CONTEXT, CONTEXT)
    body = kit.open(home.spool.pending(20)[0])
    assert isinstance(body, ReadingBody)
    assert [one.octets for one in body.reading.octets] == [RECORD, CONTEXT]
    assert body.supersedes == ((1, 2),)
    assert intake.sequences == [7]


def test_a_record_whose_context_never_came_travels_raw(home: Home, kit: Kit) -> None:
    intake = Intake(allowed("generic_glucometer"), home, pytest.fail)
    intake.clock_read(None)
    intake.take(GLUCOSE_MEASUREMENT, RECORD)
    intake.finish()
    assert isinstance(kit.open(home.spool.pending(20)[0]), RawBody)
    assert not intake.sequences  # it will be asked for again


def test_equal_octets_are_two_measurements(home: Home) -> None:
    intake = Intake(allowed("generic_cuff"), home, pytest.fail)
    intake.take(BLOOD_PRESSURE_MEASUREMENT, CUFF_OCTETS)
    intake.take(BLOOD_PRESSURE_MEASUREMENT, CUFF_OCTETS)
    intake.clock_read(None)
    assert len(home.spool.pending(20)) == 2
    assert home.spool.depth().waiting == 2


def test_a_full_spool_ends_the_session_and_parks_the_record(home: Home, kit: Kit) -> None:
    with pytest.raises(SpoolRefused):  # noqa: PT012 - which call refuses is the quota's
        while True:
            home.spool.put(reading(), Class.ALERT)
    refusals: list[None] = []
    intake = Intake(allowed("generic_cuff"), home, lambda: refusals.append(None))
    intake.take(BLOOD_PRESSURE_MEASUREMENT, SEVERE)
    intake.finish()
    assert (len(refusals), len(home.parked)) == (1, 1)
    assert not home.keep_parked()
    rows = home.spool.pending(1000)
    home.spool.sent([row.ref.seq for row in rows])
    home.spool.apply(kit.receipt(home.spool.epoch, rows[-1].ref.seq))
    assert home.keep_parked()
    assert not home.parked
    body = kit.open(home.spool.pending(20)[0])
    assert isinstance(body, RawBody)
    assert body.indication.octets == SEVERE


def test_what_is_measured_after_the_clock_was_set_carries_the_new_time(
    home: Home, kit: Kit
) -> None:
    intake = Intake(allowed("generic_cuff"), home, pytest.fail)
    now = home.clock.now()
    an_hour_ahead = now.astimezone(home.zone) + timedelta(hours=1)
    shows = DeviceTime(
        year=an_hour_ahead.year,
        month=an_hour_ahead.month,
        day=an_hour_ahead.day,
        hour=an_hour_ahead.hour,
        minute=an_hour_ahead.minute,
        second=an_hour_ahead.second,
    )
    intake.clock_read(ClockCheck(hub_time=now, device_time=shows))
    intake.clock_set(now)
    wall = home.clock.now().astimezone(home.zone)
    stamp = wall.year.to_bytes(2, "little") + bytes(
        [wall.month, wall.day, wall.hour, wall.minute, wall.second]
    )
    intake.take(BLOOD_PRESSURE_MEASUREMENT, SEVERE[:7] + stamp)
    body = kit.open(home.spool.pending(20)[0])
    assert isinstance(body, ReadingBody)
    assert body.measured_at is not None
    assert abs(body.measured_at - now) < timedelta(seconds=2)


def test_the_stretch_that_a_hang_up_cuts_short_is_one_reading(home: Home, kit: Kit) -> None:
    intake = Intake(allowed("generic_heart_rate"), home, pytest.fail)
    intake.clock_read(None)
    for rate in (70, 71, 72):
        intake.take(HEART_RATE_MEASUREMENT, bytes((0, rate)))
    intake.finish()
    (row,) = home.spool.pending(20)
    body = kit.open(row)
    assert isinstance(body, ReadingBody)
    assert len(body.reading.octets) == 3


def test_what_is_said_while_the_hub_hangs_up_does_not_stay_held(home: Home, kit: Kit) -> None:
    intake = Intake(allowed("generic_glucometer"), home, pytest.fail)
    intake.finish()
    intake.take(GLUCOSE_MEASUREMENT, RECORD)  # it announces a context that cannot come any more
    assert isinstance(kit.open(home.spool.pending(20)[0]), RawBody)
