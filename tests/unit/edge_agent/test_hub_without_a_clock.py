"""A hub without a battery-backed clock: order kept, time put right after sync, honest before."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from device_profiles.gatt import BLOOD_PRESSURE_MEASUREMENT
from device_profiles.reading import DeviceTime
from device_profiles.timeline import ClockCheck
from device_profiles.wire.body import RawBody, ReadingBody
from device_profiles.wire.v1 import read_header, topic_up
from edge_agent.radio.home import Home
from edge_agent.radio.intake import Intake
from edge_agent.radio.understood import LONGEST_S
from edge_agent.spool.seal import Sealer
from edge_agent.spool.sqlite import SqliteSpool
from tests.fixtures.clock import UnsetClock
from tests.fixtures.hub import CUFF_OCTETS, Kit, make_kit
from tests.unit.edge_agent.test_intake import QUOTA, SEVERE, allowed

TRUE = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Vienna")


@pytest.fixture
def clock() -> UnsetClock:
    return UnsetClock()


@pytest.fixture
def kit() -> Kit:
    return make_kit()


@pytest.fixture
def home(tmp_path: Path, kit: Kit, clock: UnsetClock) -> Iterator[Home]:
    with closing(open_spool(tmp_path, kit, clock)) as spool:
        yield Home(spool, clock, ZONE, 3.0)


def open_spool(folder: Path, kit: Kit, clock: UnsetClock) -> SqliteSpool:
    return SqliteSpool(folder, Sealer(kit.hub_file, kit.signing_key, clock), clock, QUOTA)


def session(home: Home, *octets: bytes, check: ClockCheck | None = None) -> None:
    intake = Intake(allowed("generic_cuff"), home, pytest.fail)
    intake.clock_read(check)
    for one in octets:
        intake.take(BLOOD_PRESSURE_MEASUREMENT, one)
    intake.finish()


def sent(home: Home, kit: Kit) -> list[RawBody | ReadingBody]:
    rows = sorted(home.spool.pending(100), key=lambda row: row.ref.seq)
    bodies = [kit.open(row) for row in rows]
    return [body for body in bodies if isinstance(body, RawBody | ReadingBody)]


def test_a_reading_waits_for_the_time_and_then_has_the_true_one(
    home: Home, kit: Kit, clock: UnsetClock
) -> None:
    session(home, CUFF_OCTETS)
    clock.wait(60)
    home.waiting_for_time.settle()
    assert sent(home, kit) == []
    assert home.spool.depth().waiting == 1  # sealed and committed all the while
    clock.synchronise(TRUE)
    home.waiting_for_time.settle()
    (body,) = sent(home, kit)
    assert isinstance(body, ReadingBody)
    assert body.measured_at == body.arrival.received_at == TRUE - timedelta(seconds=60)
    assert body.arrival.hub_clock_ok


def test_the_devices_clock_is_corrected_by_the_true_time_too(
    home: Home, kit: Kit, clock: UnsetClock
) -> None:
    """SEVERE was stamped 2026-11-21 08:00; the device said 08:20 when it was really 08:30."""
    shows = DeviceTime(year=2026, month=11, day=21, hour=8, minute=20, second=0)
    session(home, SEVERE, check=ClockCheck(hub_time=clock.now(), device_time=shows))
    clock.wait(5)
    clock.synchronise(TRUE + timedelta(seconds=5))
    home.waiting_for_time.settle()
    (body,) = sent(home, kit)
    assert isinstance(body, ReadingBody)
    assert body.arrival.clock is not None
    assert body.arrival.clock.hub_time == TRUE
    wall = body.reading.device_time.wall() if body.reading.device_time else None
    told = shows.wall()
    assert wall is not None
    assert told is not None
    assert body.measured_at == TRUE + (wall - told)


def test_a_clock_that_is_set_in_mid_session_spoils_nothing(
    home: Home, kit: Kit, clock: UnsetClock
) -> None:
    shows = DeviceTime(year=2026, month=11, day=21, hour=8, minute=30, second=0)
    intake = Intake(allowed("generic_cuff"), home, pytest.fail)
    intake.clock_read(ClockCheck(hub_time=clock.now(), device_time=shows))
    clock.wait(10)
    clock.synchronise(TRUE)
    intake.take(BLOOD_PRESSURE_MEASUREMENT, SEVERE)
    (body,) = sent(home, kit)
    assert isinstance(body, ReadingBody)
    assert body.arrival.clock is not None
    assert body.arrival.clock.hub_time == TRUE - timedelta(seconds=10)
    assert body.arrival.received_at == TRUE


def test_the_order_is_kept(home: Home, kit: Kit, clock: UnsetClock) -> None:
    for octets in (CUFF_OCTETS, SEVERE, CUFF_OCTETS):
        session(home, octets)
        clock.wait(30)
    clock.synchronise(TRUE)
    session(home, SEVERE)
    home.waiting_for_time.settle()
    came = sorted(body.arrival.received_at for body in sent(home, kit))
    assert [(TRUE - at).total_seconds() for at in came] == [90, 60, 30, 0]


def test_what_waits_too_long_travels_as_it_is_and_says_so(
    home: Home, kit: Kit, clock: UnsetClock
) -> None:
    session(home, CUFF_OCTETS)
    clock.wait(LONGEST_S + 1)
    home.waiting_for_time.settle()
    (body,) = sent(home, kit)
    assert isinstance(body, RawBody)
    assert not body.arrival.hub_clock_ok
    row = home.spool.pending(1)[0]
    assert read_header(row.envelope, topic_up(kit.hub, row.class_)).sealed_at_ms == 0
    clock.synchronise(TRUE)
    home.waiting_for_time.settle()
    assert sent(home, kit) == [body]  # what was ready never changes


def test_a_restart_before_the_time_is_known_loses_only_the_time(
    tmp_path: Path, kit: Kit, clock: UnsetClock
) -> None:
    with closing(open_spool(tmp_path, kit, clock)) as spool:
        session(Home(spool, clock, ZONE, 3.0), CUFF_OCTETS)
    clock.synchronise(TRUE)
    with closing(open_spool(tmp_path, kit, clock)) as spool:
        home = Home(spool, clock, ZONE, 3.0)
        spool.release()
        (body,) = sent(home, kit)
    assert isinstance(body, RawBody)
    assert not body.arrival.hub_clock_ok
