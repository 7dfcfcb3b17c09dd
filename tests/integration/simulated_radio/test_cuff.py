"""The unmodified bleak and a simulated cuff."""

from bleak import BleakScanner

from device_profiles.gatt import (
    BATTERY_LEVEL,
    BLOOD_PRESSURE_MEASUREMENT,
    BLOOD_PRESSURE_SERVICE,
    CURRENT_TIME,
    GLUCOSE_SERVICE,
    MANUFACTURER_NAME,
)
from tests.fixtures.radio import Radio
from tests.integration.simulated_radio.homes import CUFF, home, pressure, session

# BLS 1.1.1, 3.1.1: flags 0x06 (mmHg, time stamp, pulse), systolic 132, diastolic 84, mean NaN,
# 2026-11-20 08:00:00, pulse 70.
FIRST = bytes.fromhex("06 8400 5400 ff07 ea07 0b 14 08 00 00 4600")


async def test_a_scan_finds_it_by_its_service(radio: Radio) -> None:
    radio(home("cuff", CUFF, [pressure()]))
    found = await BleakScanner.discover(0.3, service_uuids=[BLOOD_PRESSURE_SERVICE])
    assert [(device.address, device.name) for device in found] == [(CUFF, "Sim cuff")]
    assert not await BleakScanner.discover(0.3, service_uuids=[GLUCOSE_SERVICE])


async def test_what_was_taken_is_indicated_once_and_the_cuff_hangs_up(radio: Radio) -> None:
    quick = {"hang_up_s": 0.1}
    simulated = radio(home("cuff", CUFF, [pressure(), pressure(0, 125, 9)], behaviour=quick))
    async with session(CUFF) as one:
        await one.subscribe(BLOOD_PRESSURE_MEASUREMENT)
        came = await one.until(2)
        await one.hung_up()
    assert came[0] == FIRST
    assert [octets.hex() for octets in came] == [row["octets"] for row in simulated.taken()]


async def test_reads_and_a_written_clock(radio: Radio) -> None:
    radio(home("cuff", CUFF, [pressure()], clock_error_s=-86400, battery=77))
    async with session(CUFF) as one:
        assert await one.client.read_gatt_char(BATTERY_LEVEL) == bytes([77])
        assert await one.client.read_gatt_char(MANUFACTURER_NAME) == b"Hearthline Simulators"
        await one.client.write_gatt_char(
            CURRENT_TIME, bytes.fromhex("d507 02 03 04 05 06 03 00 00"), response=True
        )
        shown = await one.client.read_gatt_char(CURRENT_TIME)
    assert shown[:5] == bytes.fromhex("d507020304")
