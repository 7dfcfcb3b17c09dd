"""The unmodified bleak and a simulated glucose meter: stored records through the RACP."""

from pathlib import Path
from typing import Any

import pytest
from bleak.exc import BleakGATTProtocolError

from device_profiles.gatt import (
    GLUCOSE_CONTEXT,
    GLUCOSE_MEASUREMENT,
    RECORD_ACCESS_CONTROL_POINT,
)
from simulators.peripherals.glucose_octets import Glucose
from tests.fixtures.radio import Radio
from tests.integration.simulated_radio.homes import METER, Session, home, session
from tests.integration.simulated_radio.live import live_home

RACP = RECORD_ACCESS_CONTROL_POINT
ALL = bytes.fromhex("0101")
SUCCESS = bytes.fromhex("06000101")
NO_RECORDS = bytes.fromhex("06000106")


def glucose(number: int, **more: Any) -> dict[str, Any]:
    hour, minute = divmod(number, 60)
    stamp = f"2026-11-19T{hour % 24:02}:{minute:02}:00"
    return {"device_time": stamp, "glucose": 70 + number % 200, **more}


def meter(count: int, **more: Any) -> dict[str, Any]:
    return home("glucometer", METER, [glucose(number) for number in range(count)], **more)


async def subscribed(one: Session) -> None:
    for uuid in (GLUCOSE_MEASUREMENT, GLUCOSE_CONTEXT, RACP):
        await one.subscribe(uuid)


async def ask(one: Session, request: str, answers: int) -> list[str]:
    """Write a request, return what came, oldest first."""
    one.received.clear()
    await one.client.write_gatt_char(RACP, bytes.fromhex(request), response=True)
    return [octets.hex() for octets in await one.until(answers)]


async def test_stored_records_come_with_their_context_and_then_the_answer(radio: Radio) -> None:
    records = [glucose(0, context={"meal": 1}), glucose(1)]
    simulated = radio(home("glucometer", METER, records))
    async with session(METER) as one:
        await subscribed(one)
        await one.client.write_gatt_char(RACP, ALL, response=True)
        await one.until(4)
    first, second = simulated.taken()
    assert one.received == [
        (GLUCOSE_MEASUREMENT, bytes.fromhex(first["octets"])),
        (GLUCOSE_CONTEXT, bytes.fromhex("02 0100 01")),
        (GLUCOSE_MEASUREMENT, bytes.fromhex(second["octets"])),
        (RACP, SUCCESS),
    ]
    assert first["context"] == "02010001"


async def test_the_requests_of_a_hub(radio: Radio) -> None:
    simulated = radio(meter(3, first_sequence=7))
    async with session(METER) as one:
        await subscribed(one)
        stored = [row["octets"] for row in simulated.taken()]
        success = SUCCESS.hex()
        assert await ask(one, "0103010800", 3) == [*stored[1:], success]  # >= 8, inclusive
        assert await ask(one, "0105", 2) == [stored[0], success]
        assert await ask(one, "0106", 2) == [stored[2], success]
        assert await ask(one, "0401", 1) == ["05000300"]
        assert await ask(one, "0103010a00", 1) == [NO_RECORDS.hex()]
        assert await ask(one, "0101", 4) == [*stored, success]  # the memory keeps all


UNSUPPORTED = {
    "0201": "06000202",  # delete: op code not supported
    "0102010100": "06000104",  # <=: operator not supported
    "0100": "06000103",  # no operator
    "01030101": "06000105",  # half an operand
    "0103020100": "06000109",  # filter by time
    "0300": "06000301",  # nothing to abort is no failure
}


async def test_what_it_cannot_do_it_says(radio: Radio) -> None:
    radio(meter(1))
    async with session(METER) as one:
        await subscribed(one)
        answers = {request: await ask(one, request, 1) for request in UNSUPPORTED}
    assert answers == {request: [answer] for request, answer in UNSUPPORTED.items()}


async def test_an_empty_memory_has_no_records(radio: Radio) -> None:
    radio(home("glucometer", METER, [], behaviour={"pairing_s": 30}))
    async with session(METER) as one:
        await subscribed(one)
        assert await ask(one, "0101", 1) == [NO_RECORDS.hex()]
        assert await ask(one, "0401", 1) == ["05000000"]


async def test_cccds_first(radio: Radio) -> None:
    radio(meter(1))
    async with session(METER) as one:
        await one.subscribe(GLUCOSE_MEASUREMENT)
        with pytest.raises(BleakGATTProtocolError) as refused:
            await one.client.write_gatt_char(RACP, ALL, response=True)
    assert refused.value.code == 0xFD


async def test_a_burst_of_500_is_complete_and_in_order(radio: Radio) -> None:
    simulated = radio(meter(500))
    async with session(METER) as one:
        await subscribed(one)
        *records, answer = await ask(one, "0101", 501)
    assert records == [row["octets"] for row in simulated.taken()]
    assert answer == SUCCESS.hex()


async def test_a_second_request_waits_and_abort_ends_the_first(radio: Radio) -> None:
    radio(meter(400, behaviour={"gap_s": 0.02}))
    async with session(METER) as one:
        await subscribed(one)
        await one.client.write_gatt_char(RACP, ALL, response=True)
        await one.until(1)
        with pytest.raises(BleakGATTProtocolError) as refused:
            await one.client.write_gatt_char(RACP, ALL, response=True)
        assert refused.value.code == 0xFE
        await one.client.write_gatt_char(RACP, bytes.fromhex("0300"), response=True)
        while one.received[-1][0] != RACP:
            await one.until(len(one.received) + 1)
    assert one.received[-1] == (RACP, bytes.fromhex("06000301"))
    assert len(one.received) < 300


async def test_it_hangs_up_after_the_report(radio: Radio) -> None:
    radio(meter(2, behaviour={"hang_up_s": 0.1}))
    async with session(METER) as one:
        await subscribed(one)
        await ask(one, "0101", 3)
        await one.hung_up()


async def test_what_is_measured_during_a_report_waits_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_home(meter(2, behaviour={"gap_s": 0.2}), tmp_path, monkeypatch) as simulated:
        async with session(METER) as one:
            await subscribed(one)
            await one.client.write_gatt_char(RACP, ALL, response=True)
            await one.until(1)
            simulated.measure(METER, Glucose.model_validate(glucose(9)))
            await one.until(3)
            assert await ask(one, "0401", 1) == ["05000300"]  # so the report has been confirmed
        async with session(METER) as one:  # it still advertises
            await subscribed(one)
            await ask(one, "0101", 4)
