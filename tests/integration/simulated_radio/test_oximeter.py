"""The unmodified bleak and a simulated pulse oximeter."""

from device_profiles.gatt import PLX_CONTINUOUS, PLX_SPOT_CHECK
from tests.fixtures.radio import Radio
from tests.integration.simulated_radio.homes import OXIMETER, home, session

NOON = "2026-11-20T12:00:00"


async def test_live_values_then_the_spot_check(radio: Radio) -> None:
    live = {"device_time": NOON, "spo2": 96, "pulse": 71, "continuous": True}
    spot = {"device_time": NOON, "spo2": 97, "pulse": 70}
    simulated = radio(home("oximeter", OXIMETER, [live, spot], behaviour={"hang_up_s": 0.1}))
    async with session(OXIMETER) as one:
        await one.subscribe(PLX_CONTINUOUS)
        await one.until(1)
        await one.subscribe(PLX_SPOT_CHECK)
        await one.until(2)
        await one.hung_up()
    assert one.received == [
        (PLX_CONTINUOUS, bytes.fromhex("00 6000 4700")),
        (PLX_SPOT_CHECK, bytes.fromhex("01 6100 4600 ea07 0b 14 0c 00 00")),
    ]
    assert {row["octets"] for row in simulated.taken()} == {
        octets.hex() for _, octets in one.received
    }


async def test_a_live_value_that_nobody_receives_was_never_taken(radio: Radio) -> None:
    live = {"device_time": NOON, "spo2": 96, "pulse": 71, "continuous": True}
    simulated = radio(home("oximeter", OXIMETER, [live]))
    async with session(OXIMETER) as one:
        await one.subscribe(PLX_SPOT_CHECK)
    assert simulated.taken() == []
