"""A simulated thermometer: through the unmodified bleak, and through the agent's session."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from device_profiles.codes import CELSIUS, FAHRENHEIT, TEMPERATURE_EAR, TEMPERATURE_MOUTH
from device_profiles.gatt import TEMPERATURE_MEASUREMENT
from device_profiles.timeline import Basis
from tests.fixtures.radio import Radio
from tests.integration.edge_agent.agent import THERMOMETER
from tests.integration.simulated_radio.homes import home, session
from tests.integration.simulated_radio.wards import ZONE, hub_and_device, wall


async def test_the_octets_on_the_air(radio: Radio) -> None:
    taken = {"device_time": "2026-11-20T07:00:00", "temperature": "37.6", "site": 6}
    radio(home("thermometer", THERMOMETER, [taken], behaviour={"hang_up_s": 0.1}))
    async with session(THERMOMETER) as one:
        await one.subscribe(TEMPERATURE_MEASUREMENT)
        (came,) = await one.until(1)
        await one.hung_up()
    # HTS 1.0, 3.1: flags 0x06 (Celsius, time, type), 376 * 10^-1, the time, 6 is the mouth.
    assert came == bytes.fromhex("06 780100ff ea07 0b 14 07 00 00 06")


async def test_temperatures_arrive_with_their_place_and_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp = wall(90)
    taken = [
        {"device_time": stamp, "temperature": "38.9", "site": 3},
        {"device_time": wall(1), "temperature": "99.7", "unit": "F", "site": 6},
    ]
    async with hub_and_device(
        "thermometer", THERMOMETER, taken, tmp_path, monkeypatch, clock_error_s=600
    ) as (hub, _):
        first, second = await hub.until_read(2)
    values = [body.reading.values[0] for body in (first, second)]
    assert [(one.number, one.unit, one.mdc) for one in values] == [
        (Decimal("38.9"), CELSIUS, TEMPERATURE_EAR.mdc),
        (Decimal("99.7"), FAHRENHEIT, TEMPERATURE_MOUTH.mdc),
    ]
    true = datetime.fromisoformat(stamp).replace(tzinfo=ZoneInfo(ZONE))
    assert first.measured_at is not None
    assert first.basis is Basis.DEVICE_CLOCK
    assert abs(first.measured_at - true) < timedelta(seconds=3)


async def test_a_thermometer_without_a_clock_measured_when_it_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = [{"device_time": wall(1), "temperature": "36.8"}]
    async with hub_and_device(
        "thermometer", THERMOMETER, taken, tmp_path, monkeypatch, time_stamp=False
    ) as (hub, _):
        (body,) = await hub.until_read(1)
    assert body.basis is Basis.RECEPTION
    assert body.measured_at == body.arrival.received_at
