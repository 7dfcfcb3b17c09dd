"""Windows, hang-up, what is kept, and clients that vanish."""

import asyncio
import json
import signal
import socket
import sys
from pathlib import Path

import pytest
from bleak import BleakScanner
from bleak.exc import BleakError

from device_profiles.gatt import (
    BLOOD_PRESSURE_MEASUREMENT,
    BLOOD_PRESSURE_SERVICE,
    GLUCOSE_CONTEXT,
    GLUCOSE_MEASUREMENT,
    RECORD_ACCESS_CONTROL_POINT,
)
from tests.fixtures.radio import REPOSITORY, Radio, start_home
from tests.integration.simulated_radio.homes import (
    CUFF,
    LIMIT_S,
    METER,
    find,
    home,
    pressure,
    session,
)

SECOND = 125  # systolic of the measurement that comes later

# A client in a process of its own: it scans, connects, listens, and then waits to be killed.
VICTIM = """
import asyncio, sys
from bleak import BleakClient, BleakScanner

async def main(address, uuids):
    device = await BleakScanner.find_device_by_address(address, 15)
    await BleakScanner().start()
    client = BleakClient(device)
    await client.connect()
    for uuid in uuids:
        await client.start_notify(uuid, lambda *_: None)
    print("listening", flush=True)
    await asyncio.sleep(600)

asyncio.run(main(sys.argv[1], sys.argv[2:]))
"""


async def test_an_old_device_is_unknown_once_its_window_has_ended(radio: Radio) -> None:
    radio(home("cuff", CUFF, [pressure()], behaviour={"window_s": 1.5}))
    device = await find(CUFF)
    async with asyncio.timeout(10):
        while await BleakScanner.discover(0.2, service_uuids=[BLOOD_PRESSURE_SERVICE]):
            continue
    from bleak import BleakClient

    with pytest.raises(BleakError, match="not found"):
        await BleakClient(device).connect()


async def test_what_waits_is_advertised_again(radio: Radio) -> None:
    radio(home("cuff", CUFF, [pressure()], behaviour={"window_s": 0.2, "again_s": 30}), speed=20)
    async with session(CUFF) as one:
        await one.subscribe(BLOOD_PRESSURE_MEASUREMENT)
        await one.until(1)


async def test_speed_divides_waiting(radio: Radio) -> None:
    simulated = radio(home("cuff", CUFF, [pressure(100.0)]), speed=1000)
    async with session(CUFF) as one:
        await one.subscribe(BLOOD_PRESSURE_MEASUREMENT)
        assert len(await one.until(1)) == len(simulated.taken()) == 1


async def test_an_idle_link_is_ended_and_what_was_not_told_is_kept(radio: Radio) -> None:
    radio(home("cuff", CUFF, [pressure()], behaviour={"idle_s": 0.2}))
    async with session(CUFF) as one:
        await one.hung_up()
    async with session(CUFF) as again:
        await again.subscribe(BLOOD_PRESSURE_MEASUREMENT)
        assert len(await again.until(1)) == 1


async def test_delivered_is_not_told_again(radio: Radio) -> None:
    simulated = radio(
        home("cuff", CUFF, [pressure(), pressure(1.5, 125)], behaviour={"hang_up_s": 0.1})
    )
    told = []
    for _ in range(2):
        async with session(CUFF) as one:
            await one.subscribe(BLOOD_PRESSURE_MEASUREMENT)
            told += [octets.hex() for octets in await one.until(1)]
            await one.hung_up()
    assert told == [row["octets"] for row in simulated.taken()]


async def kill_in_mid_session(address: str, *uuids: str) -> None:
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", VICTIM, address, *uuids, stdout=asyncio.subprocess.PIPE
    )
    assert victim.stdout is not None
    assert await victim.stdout.readline() == b"listening\n"
    victim.send_signal(signal.SIGKILL)
    await victim.wait()


async def test_a_client_killed_in_mid_session_leaves_the_cuff_usable(radio: Radio) -> None:
    quick = {"hang_up_s": 0.1}
    simulated = radio(home("cuff", CUFF, [pressure(), pressure(4.0, SECOND)], behaviour=quick))
    await kill_in_mid_session(CUFF, BLOOD_PRESSURE_MEASUREMENT)
    came: list[bytes] = []
    # The first comes again if the victim died before its confirmation was out.
    while SECOND not in [octets[1] for octets in came]:
        async with session(CUFF) as one:
            await one.subscribe(BLOOD_PRESSURE_MEASUREMENT)
            await one.hung_up()
            came += [octets for _, octets in one.received]
    assert came[-1].hex() == simulated.taken()[-1]["octets"]


async def test_a_client_killed_in_mid_session_leaves_the_meter_usable(radio: Radio) -> None:
    record = {"device_time": "2026-11-20T12:00:00", "glucose": 101}
    radio(home("glucometer", METER, [record]))
    uuids = (GLUCOSE_MEASUREMENT, GLUCOSE_CONTEXT, RECORD_ACCESS_CONTROL_POINT)
    await kill_in_mid_session(METER, *uuids)
    async with session(METER) as one:
        for uuid in uuids:
            await one.subscribe(uuid)
        await one.client.write_gatt_char(
            RECORD_ACCESS_CONTROL_POINT, bytes.fromhex("0101"), response=True
        )
        assert len(await one.until(2)) == 2


def test_two_homes_do_not_meet(tmp_path: Path) -> None:
    homes = [
        start_home(home("cuff", CUFF, [pressure()]), tmp_path / name, 1.0) for name in ("a", "b")
    ]
    assert homes[0].bus != homes[1].bus
    assert [one.stop() for one in homes] == [0, 0]
    assert not list(tmp_path.glob("*/bus"))


async def test_acquire_notify_works_too(radio: Radio) -> None:
    radio(home("glucometer", METER, [{"device_time": "2026-11-20T12:00:00", "glucose": 101}]))
    came: asyncio.Queue[bytes] = asyncio.Queue()
    async with session(METER) as one:
        await one.client.start_notify(
            GLUCOSE_MEASUREMENT,
            lambda _, octets: came.put_nowait(bytes(octets)),
            bluez={"use_start_notify": False},
        )
        await one.subscribe(GLUCOSE_CONTEXT)
        await one.subscribe(RECORD_ACCESS_CONTROL_POINT)
        await one.client.write_gatt_char(
            RECORD_ACCESS_CONTROL_POINT, bytes.fromhex("0101"), response=True
        )
        async with asyncio.timeout(10):
            assert (await came.get())[:3] == bytes.fromhex("020100")


async def test_a_broken_home_file_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "home.json"
    path.write_text(json.dumps(home("cuff", CUFF, [{**pressure(), "systolic": "high"}])))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulators",
        "bluez",
        str(path),
        cwd=REPOSITORY,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    told = errors.decode()
    assert process.returncode == 2
    assert told.count("\n") == 1
    assert told.startswith(f"{path}: devices.0.cuff.measurements.0.systolic: Input should be")


def test_a_killed_home_leaves_no_daemon(radio: Radio) -> None:
    simulated = radio(home("cuff", CUFF, [pressure()]))
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(LIMIT_S)
        client.connect(simulated.bus.removeprefix("unix:path="))
        simulated.kill()
        assert client.recv(1) == b""  # the daemon has closed it by ending
