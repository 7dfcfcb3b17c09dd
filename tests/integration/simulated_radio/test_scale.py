"""Simulated scales: through the unmodified bleak, and through the agent's session."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from device_profiles.codes import KG, POUND
from device_profiles.gatt import WEIGHT_MEASUREMENT, WEIGHT_SCALE_FEATURE
from device_profiles.reading import Kind, Validity
from tests.fixtures.radio import Radio
from tests.integration.edge_agent.agent import BODY_SCALE, SCALE
from tests.integration.simulated_radio.homes import home, session
from tests.integration.simulated_radio.wards import hub_and_device, wall

MORNING = "2026-11-20T07:00:00"


async def test_what_the_scale_kept_comes_in_a_burst_and_it_hangs_up(radio: Radio) -> None:
    kept = [{"device_time": MORNING, "weight": 81 + n, "user": n} for n in range(3)]
    simulated = radio(home("scale", SCALE, kept, behaviour={"hang_up_s": 0.1}))
    async with session(SCALE) as one:
        # Time stamp, users and BMI; steps of 0.005 kg and of 1 mm (WSS 1.0, 3.1).
        feature = await one.client.read_gatt_char(WEIGHT_SCALE_FEATURE)
        assert feature == bytes.fromhex("bf010000")
        await one.subscribe(WEIGHT_MEASUREMENT)
        came = await one.until(3)
        await one.hung_up()
    # WSS 1.0, 3.2: flags 0x06 (time, user), 81 kg = 16200 * 0.005, 2026-11-20 07:00:00, user 0.
    assert came[0] == bytes.fromhex("06 483f ea07 0b 14 07 00 00 00")
    assert [octets.hex() for octets in came] == [row["octets"] for row in simulated.taken()]


async def test_weights_of_two_people_and_of_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stood: list[dict[str, Any]] = [
        {"device_time": wall(4), "weight": "81.5", "user": 1},
        {"device_time": wall(3), "weight": "143.3", "unit": "lb", "user": 2},
        {"device_time": wall(2), "weight": "70", "user": 255},
        {"device_time": wall(1), "weight": "unsuccessful"},
    ]
    async with hub_and_device(
        "scale", SCALE, stood, tmp_path, monkeypatch, clock_error_s=-3600
    ) as (hub, simulated):
        bodies = await hub.until_read(4)
        assert hub.octets() == simulated.octets()
    readings = [body.reading for body in bodies]
    values = [reading.values[0] for reading in readings]
    assert [(one.number, one.unit) for one in values] == [
        (Decimal("81.5"), KG),
        (Decimal("143.3"), POUND),
        (Decimal(70), KG),
        (None, KG),
    ]
    assert [reading.user for reading in readings] == [1, 2, None, None]
    assert [reading.validity for reading in readings] == [*[Validity.VALID] * 3, Validity.INVALID]
    # The scale is an hour slow; what it said before it was set is put right.
    first, second = bodies[0].measured_at, bodies[1].measured_at
    assert first is not None
    assert second is not None
    assert timedelta(minutes=3) < bodies[0].arrival.received_at - first < timedelta(minutes=5)
    assert abs(second - first - timedelta(minutes=1)) < timedelta(seconds=2)


async def test_a_weight_and_its_body_composition_are_one_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    barefoot = {"fat": "24.5", "metabolism": 6900, "muscle": "41.2", "impedance": 500}
    stood: list[dict[str, Any]] = [
        {"device_time": wall(2), "weight": "81.5", "user": 1, **barefoot},
        {"device_time": wall(1), "weight": "81.7", "user": 1},  # in shoes
    ]
    async with hub_and_device("body_scale", BODY_SCALE, stood, tmp_path, monkeypatch) as (hub, _):
        await hub.until_read(2)
        whole, alone = hub.readings()
    assert (whole.kind, alone.kind) == (Kind.BODY_COMPOSITION, Kind.WEIGHT)
    assert {value.name: value.number for value in whole.values} == {
        "weight": Decimal("81.5"),
        "body_fat": Decimal("24.5"),
        "muscle_percent": Decimal("41.2"),
        "impedance": Decimal(500),
        "basal_metabolism": Decimal(6900),
    }
