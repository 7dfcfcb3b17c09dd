"""A scan on an adapter that knows LE only tells of a steady signal once, unless it has a filter."""

import asyncio

import pytest
from bleak import BleakScanner
from bleak.args.bluez import BlueZDiscoveryFilters

from tests.fixtures.radio import Radio
from tests.integration.simulated_radio.homes import CUFF, home, pressure


@pytest.mark.parametrize(("every", "least", "most"), [(False, 1, 1), (True, 3, 99)])
async def test_how_often_a_known_device_is_told(
    radio: Radio, every: bool, least: int, most: int
) -> None:
    radio(home("cuff", CUFF, [pressure()]))
    heard: list[str] = []
    filters: BlueZDiscoveryFilters = {"DuplicateData": every}
    scanner = BleakScanner(lambda one, _: heard.append(one.address), bluez={"filters": filters})
    async with scanner:
        await asyncio.sleep(1.8)
    assert least <= len(heard) <= most
