"""A simulated glucose sensor: stored records by RACP, live values, a session start for a clock."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from device_profiles.gatt import (
    CGM_FEATURE,
    CGM_MEASUREMENT,
    CGM_SESSION_START_TIME,
    CGM_STATUS,
    RECORD_ACCESS_CONTROL_POINT,
)
from device_profiles.reading import Absent
from device_profiles.timeline import Basis
from edge_agent.ports import Bookmark
from simulators.peripherals.cgm import Interstitial
from tests.fixtures.radio import Radio
from tests.integration.edge_agent.agent import CGM
from tests.integration.simulated_radio.homes import home, session
from tests.integration.simulated_radio.wards import ZONE, hub_and_device, wall

START = "2026-11-20T07:00:00"


def values(*minutes_ago: float) -> list[dict[str, Any]]:
    return [{"device_time": wall(ago), "glucose": 100 + n} for n, ago in enumerate(minutes_ago)]


def true_time(described: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(described["device_time"]).replace(tzinfo=ZoneInfo(ZONE))


async def test_the_octets_on_the_air(radio: Radio) -> None:
    taken = {"device_time": "2026-11-20T07:05:00", "glucose": 120, "trend": "-2", "status": 2}
    radio(home("cgm", CGM, [taken], session_start=START, behaviour={"hang_up_s": 0.1}))
    async with session(CGM) as one:
        # Trend supported; interstitial fluid, under the skin; no checksum (CGMS 1.0.2, 3.2).
        assert await one.client.read_gatt_char(CGM_FEATURE) == bytes.fromhex("008000 59 ffff")
        start = await one.client.read_gatt_char(CGM_SESSION_START_TIME)
        assert start == bytes.fromhex("ea07 0b 14 07 00 00 80 ff")
        assert len(await one.client.read_gatt_char(CGM_STATUS)) == 5
        await one.subscribe(CGM_MEASUREMENT)
        await one.subscribe(RECORD_ACCESS_CONTROL_POINT)
        await one.client.write_gatt_char(
            RECORD_ACCESS_CONTROL_POINT, bytes.fromhex("0101"), response=True
        )
        came = await one.until(2)
        await one.hung_up()
    # 9 octets; status and trend; 120; minute 5; battery low; -2 mg/dL/min.
    assert came == [bytes.fromhex("09 81 7800 0500 02 fe0f"), bytes.fromhex("06 00 01 01")]


async def test_stored_records_have_the_time_of_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sensor was told a time that is two hours wrong; what it has counted since is right."""
    kept = values(300, 60, 10)
    async with hub_and_device(
        "cgm", CGM, kept, tmp_path, monkeypatch, session_start=wall(3000), clock_error_s=-7200
    ) as (hub, simulated):
        bodies = await hub.until_read(3)
        assert hub.octets() == simulated.octets()
        assert len(set(hub.ids())) == 3
    for body, described in zip(bodies, kept, strict=True):
        assert body.basis is Basis.DEVICE_CLOCK
        assert body.measured_at is not None
        assert abs(body.measured_at - true_time(described)) < timedelta(seconds=62)  # whole minutes


@pytest.mark.parametrize("crc", [False, True], ids=["plain", "with a checksum"])
async def test_a_sensor_that_was_never_told_the_time_is_told(
    crc: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = values(120, 5)
    async with hub_and_device(
        "cgm", CGM, kept, tmp_path, monkeypatch, session_start=wall(1000), told=False, crc=crc
    ) as (hub, simulated):
        bodies = await hub.until_read(2)
        (start,) = {body.reading.octets[1].octets for body in bodies}
        assert start == await simulated_start(simulated)
        assert hub.state().problem is None
    for body, described in zip(bodies, kept, strict=True):
        assert body.measured_at is not None
        # To the second of the start, to the minute of the record.
        assert (
            timedelta(0)
            <= true_time(described) - body.measured_at + timedelta(seconds=3)
            < timedelta(seconds=63)
        )


async def simulated_start(simulated: Any) -> bytes:
    told: bytes = simulated.do(lambda one: one.peripheral(CGM).values()[CGM_SESSION_START_TIME])
    return told


async def test_live_values_come_at_once_and_stored_ones_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays = {"window_s": 20, "again_s": 0.2, "hang_up_s": 2, "idle_s": 5}
    async with hub_and_device(
        "cgm", CGM, values(20, 15), tmp_path, monkeypatch, session_start=wall(60), behaviour=stays
    ) as (hub, simulated):
        await hub.until_read(2)
        live = {"device_time": wall(0), "glucose": "LO", "trend": "-3"}
        simulated.measure(CGM, Interstitial.model_validate(live))
        bodies = await hub.until_read(3)
        assert hub.octets() == simulated.octets()
    glucose, trend = bodies[2].reading.values
    assert (glucose.number, glucose.absent) == (None, Absent.BELOW_RANGE)
    assert trend.number == Decimal(-3)
    assert bodies[2].measured_at is not None
    assert bodies[2].arrival.received_at - bodies[2].measured_at < timedelta(seconds=65)


async def test_a_new_sensor_begins_at_zero_and_all_of_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub remembers minute 9000 of the sensor before: beyond what this one can have."""
    kept = values(20, 15, 10)
    async with hub_and_device("cgm", CGM, [], tmp_path, monkeypatch, session_start=wall(60)) as (
        hub,
        simulated,
    ):
        hub.spool.remember(
            hub.keepers[0].state.device, Bookmark(9000, datetime.now(UTC) - timedelta(hours=1))
        )
        for described in kept:
            simulated.measure(CGM, Interstitial.model_validate(described))
        await hub.until_read(3)
        assert sorted(hub.octets()) == sorted(simulated.octets())
