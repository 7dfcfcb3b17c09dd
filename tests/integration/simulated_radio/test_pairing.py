"""Pairing through a client's own Agent1, as the real stack did it."""

import pytest
from bleak.exc import BleakDBusError

from device_profiles.gatt import (
    BATTERY_LEVEL,
    BLOOD_PRESSURE_MEASUREMENT,
    CURRENT_TIME,
    MANUFACTURER_NAME,
)
from tests.fixtures.radio import Radio
from tests.integration.simulated_radio.agent import agent
from tests.integration.simulated_radio.homes import CUFF, Session, find, home, pressure, session

QUICK = {"hang_up_s": 0.1}


async def test_just_works_asks_nobody_but_needs_an_agent(radio: Radio) -> None:
    radio(home("cuff", CUFF, [pressure()], behaviour={"bond": True}))
    async with agent() as patient, session(CUFF, pair=True) as one:
        assert await one.client.read_gatt_char(BATTERY_LEVEL) == bytes([100])
    assert patient.asked == []


async def test_without_an_agent_pairing_fails(radio: Radio) -> None:
    radio(home("cuff", CUFF, [pressure()], behaviour={"bond": True}))
    one = Session(await find(CUFF), pair=True)
    with pytest.raises(BleakDBusError, match="AuthenticationFailed"):
        await one.client.connect()


async def test_just_works_may_ask_for_confirmation(radio: Radio) -> None:
    radio(home("cuff", CUFF, [pressure()], behaviour={"bond": True, "confirm": True}))
    async with agent() as patient, session(CUFF, pair=True):
        assert patient.asked == ["RequestConfirmation"]


async def test_the_passkey_is_asked_for_and_the_bond_remembered(radio: Radio) -> None:
    later = [pressure(), pressure(1.5, 125)]
    simulated = radio(home("cuff", CUFF, later, pin="004711", behaviour=QUICK))
    async with agent(4711) as patient, session(CUFF, pair=True) as one:
        await one.subscribe(BLOOD_PRESSURE_MEASUREMENT)
        first = await one.until(1)
        await one.hung_up()
    assert patient.asked == ["RequestPasskey"]
    async with session(CUFF, pair=True) as again:  # nobody answers for pairing any more
        await again.subscribe(BLOOD_PRESSURE_MEASUREMENT)
        second = await again.until(1)
    assert [octets.hex() for octets in first + second] == [
        row["octets"] for row in simulated.taken()
    ]


@pytest.mark.parametrize("passkey", [123456, None], ids=["wrong passkey", "refused"])
async def test_a_wrong_answer_fails_and_leaves_the_device_usable(
    radio: Radio, passkey: int | None
) -> None:
    radio(home("cuff", CUFF, [pressure()], pin="654321"))
    async with agent(passkey):
        one = Session(await find(CUFF), pair=True)
        with pytest.raises(BleakDBusError, match="AuthenticationFailed"):
            await one.client.connect()
    async with agent(654321), session(CUFF, pair=True) as again:
        await again.client.read_gatt_char(CURRENT_TIME)


async def test_unencrypted_access_is_refused(radio: Radio) -> None:
    radio(home("cuff", CUFF, [pressure()], pin="654321"))
    async with session(CUFF) as one:
        assert await one.client.read_gatt_char(MANUFACTURER_NAME)
        with pytest.raises(BleakDBusError, match="Not paired"):
            await one.client.read_gatt_char(CURRENT_TIME)
        with pytest.raises(BleakDBusError, match="Not paired"):
            await one.subscribe(BLOOD_PRESSURE_MEASUREMENT)


async def test_an_encrypted_access_pairs_by_itself_where_an_agent_answers(radio: Radio) -> None:
    radio(home("cuff", CUFF, [pressure()], behaviour={"bond": True}))
    async with agent() as patient, session(CUFF) as one:
        await one.client.read_gatt_char(CURRENT_TIME)
    assert patient.asked == ["RequestAuthorization"]


async def test_unpair_forgets_the_bond(radio: Radio) -> None:
    radio(home("cuff", CUFF, [pressure()], pin="000001"))
    async with agent(1) as patient:
        async with session(CUFF, pair=True) as one:
            await one.client.unpair()
            await one.hung_up()
        async with session(CUFF, pair=True):
            assert patient.asked == ["RequestPasskey"] * 2
