"""The whole agent: from a simulated device's indication to the receipt that empties the spool."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dbus_fast.aio import MessageBus

from device_profiles.gatt import GLUCOSE_CONTEXT, GLUCOSE_MEASUREMENT
from device_profiles.timeline import Basis
from device_profiles.wire.v1 import Class
from simulators.bluez.daemon import private_bus
from simulators.bluez.service import Bluez
from simulators.bluez.settings import Timing
from simulators.home_file import HomeFile
from simulators.peripherals.any import build
from simulators.peripherals.peripheral import World
from tests.fixtures.radio import Radio, SimulatedHome, start_home, stub_bluetoothctl
from tests.integration.edge_agent.agent import CUFF, METER, OXIMETER
from tests.integration.edge_agent.broker import Broker, Post, post, until
from tests.integration.edge_agent.conftest import Install

ZONE = "Europe/Vienna"


def wall(minutes_ago: float = 1.0) -> str:
    now = datetime.now(ZoneInfo(ZONE)) - timedelta(minutes=minutes_ago)
    return now.replace(tzinfo=None, microsecond=0).isoformat()


def cuff(*after_s: float, **more: Any) -> dict[str, Any]:
    taken = [
        {"after_s": at, "device_time": wall(), "systolic": 120 + n, "diastolic": 80, "pulse": 60}
        for n, at in enumerate(after_s)
    ]
    return {"address": CUFF, "kind": "cuff", "name": "A Cuff", "measurements": taken, **more}


def meter(count: int, **more: Any) -> dict[str, Any]:
    taken = [
        {
            "device_time": wall(60.0 * (count - n)),
            "glucose": 100 + n,
            "context": {"meal": 1} if n % 2 else None,
        }
        for n in range(count)
    ]
    return {"address": METER, "kind": "glucometer", "name": "Meter", "measurements": taken, **more}


def oximeter(*after_s: float, **more: Any) -> dict[str, Any]:
    taken = [
        {"after_s": at, "device_time": wall(9 - n), "spo2": 97, "pulse": 60}
        for n, at in enumerate(after_s)
    ]
    return {"address": OXIMETER, "kind": "oximeter", "name": "Oxi", "measurements": taken, **more}


def home(*devices: dict[str, Any]) -> dict[str, Any]:
    return {"seed": 1, "zone": ZONE, "devices": list(devices)}


def octets(home: SimulatedHome) -> set[str]:
    return {line["octets"] for line in home.taken()}


def arrived(gateway: Post) -> set[str]:
    """Return the measurements that arrived, read or raw."""
    read = {body.reading.octets[0].octets.hex() for body in gateway.readings()}
    raw = {body.indication for body in gateway.raws()}
    return read | {one.octets.hex() for one in raw if one.uuid != GLUCOSE_CONTEXT}


async def test_a_cuff_reading_arrives_and_the_spool_is_empty(
    install: Install, radio: Radio, broker: Broker
) -> None:
    simulated = radio(home(cuff(0.5, clock_error_s=-3600)))
    hub = install(CUFF)
    async with post(broker, hub.kit) as gateway:
        hub.start()
        await until(lambda: len(gateway.readings()) == 1, "one reading")
        await hub.until_empty()
    (body,) = gateway.readings()
    (taken,) = simulated.taken()
    assert body.reading.octets[0].octets.hex() == taken["octets"]
    assert body.basis is Basis.DEVICE_CLOCK
    assert body.measured_at is not None
    # One hour slow, read before it was set: the time is right again, to the device's second.
    assert abs(body.measured_at - datetime.fromisoformat(taken["measured_at"])) < timedelta(
        seconds=3
    )
    assert body.supersedes == ((1, 1),) or len(body.supersedes) == 1
    assert hub.stop() == 0


async def test_stored_records_come_with_their_context_and_only_once(
    install: Install, radio: Radio, broker: Broker
) -> None:
    taken = meter(6)
    later = {"after_s": 5.0, "device_time": wall(), "glucose": 40}
    taken["measurements"].append(later)
    simulated = radio(
        home({**taken, "behaviour": {"window_s": 10, "again_s": 1, "hang_up_s": 0.5}})
    )
    hub = install(METER)
    async with post(broker, hub.kit) as gateway:
        hub.start()
        await until(lambda: len(gateway.readings()) == 6, "all stored records")
        uuids = [[one.uuid for one in body.reading.octets] for body in gateway.readings()]
        alone, joined = [GLUCOSE_MEASUREMENT], [GLUCOSE_MEASUREMENT, GLUCOSE_CONTEXT]
        assert uuids == [alone, joined] * 3
        await until(lambda: len(gateway.readings()) == 7, "the new record")
        await hub.until_empty()
        assert arrived(gateway) == octets(simulated)
        assert not gateway.raws()
        assert len(gateway.bodies()) == 7  # the second pull brought the new record only
        low = next(k for k, c in gateway.classes.items() if c is Class.ALERT)
        assert low[1] == max(seq for _, seq, body in gateway.arrived if body in gateway.readings())


async def test_three_devices_at_once(install: Install, radio: Radio, broker: Broker) -> None:
    simulated = radio(home(cuff(0, 1, 2), meter(5), oximeter(0.5, 1.5)))
    hub = install(CUFF, METER, OXIMETER)
    async with post(broker, hub.kit) as gateway:
        hub.start()
        await until(lambda: len(octets(simulated)) == 10, "all taken")
        await until(lambda: arrived(gateway) == octets(simulated), "all arrived")
        await hub.until_empty()
        written = time.time()  # what was seen is in the file with its next writing
        await until(lambda: (hub.state / "status.json").stat().st_mtime > written, "written")
        states = {row["profile"]: row for row in hub.ask("devices")}
        assert set(states) == {"generic_cuff", "generic_glucometer", "generic_oximeter"}
        assert all(row["last_seen"] and row["rssi_dbm"] for row in states.values())
        assert hub.ask("status")["problems"] == []


async def test_pairing_with_a_passkey(install: Install, radio: Radio, broker: Broker) -> None:
    simulated = radio(home({**meter(2), "pin": "123456"}))
    hub = install(METER, passkeys={METER: "123456"})
    async with post(broker, hub.kit) as gateway:
        hub.start()
        await until(lambda: arrived(gateway) == octets(simulated), "paired, pulled, arrived")


async def test_a_wrong_passkey_is_reported(install: Install, radio: Radio) -> None:
    radio(home({**meter(2), "pin": "123456"}))
    hub = install(METER, passkeys={METER: "654321"})
    hub.start()
    await hub.until_event("session_failed", times=2)
    await until(lambda: hub.problems() == ["passkey_wrong"], "told")
    (row,) = hub.ask("devices")
    assert row["problem"] == "passkey_wrong"
    assert "Correct it" in row["what_to_do"]


async def test_an_unknown_device_is_ignored(install: Install, radio: Radio, broker: Broker) -> None:
    stranger = {**cuff(0.1), "address": "C0:FF:EE:00:00:99"}
    simulated = radio(home(stranger, oximeter(0.5)))
    hub = install(OXIMETER)
    async with post(broker, hub.kit) as gateway:
        hub.start()
        await until(lambda: len(gateway.readings()) == 1, "the paired device's reading")
        assert len(simulated.taken()) == 2
        assert "99" not in {line.get("device", "")[-2:] for line in hub.log()}


async def test_a_hang_up_in_the_middle_loses_nothing(
    install: Install, radio: Radio, broker: Broker
) -> None:
    """The meter hangs up after 3 s whatever happens; the next visit brings the rest."""
    slow = {"gap_s": 0.25, "again_s": 1, "hang_up_s": 1, "idle_s": 2}
    simulated = radio(home({**meter(6), "behaviour": slow}))
    hub = install(METER)
    async with post(broker, hub.kit) as gateway:
        hub.start()
        await until(lambda: arrived(gateway) == octets(simulated), "all records")


async def test_a_crash_in_mid_session_loses_nothing(
    install: Install, radio: Radio, broker: Broker
) -> None:
    """Killed while records come in; what BlueZ had confirmed is sent after the restart."""
    simulated = radio(home({**meter(30), "behaviour": {"gap_s": 0.05, "again_s": 1}}))
    hub = install(METER)
    async with post(broker, hub.kit, receipts=False) as gateway:
        for crash in range(1, 3):
            hub.start()
            await hub.until_event("reading_kept", times=len(hub.events("reading_kept")) + 4)
            hub.kill()
            assert len(hub.events("started")) == crash
        gateway.receipts = True
        hub.start()
        await until(lambda: arrived(gateway) == octets(simulated), "all records")
        await hub.until_empty()
        epochs = {epoch for epoch, _, _ in gateway.arrived}
        assert len(epochs) == 1
        (epoch,) = epochs
        highest = max(gateway.seen[epoch])
        assert gateway.seen[epoch] == set(range(1, highest + 1))  # every seq is accounted for


async def test_the_bus_restarts(install: Install, radio: Radio, broker: Broker) -> None:
    """The bus and all on it vanish and come back; the agent goes on by itself."""
    simulated = radio(home(cuff(0.1)))
    hub = install(CUFF)
    async with post(broker, hub.kit) as gateway:
        hub.start()
        await until(lambda: len(gateway.readings()) == 1, "before")
        simulated.kill()
        await hub.until_event("bluetooth_unavailable")
        again = start_home(home(cuff(0.1, 0.2)), simulated.directory, 1.0)
        try:
            await until(lambda: len(gateway.readings()) == 3, "after", 60)
            assert arrived(gateway) == octets(simulated)
        finally:
            again.stop()


async def test_bluetoothd_restarts(
    install: Install, broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """org.bluez leaves in the middle of a session and comes back; the bus stays.

    bleak alone would believe in its connection and its scan for ever.
    """
    hub = install(CUFF)
    stub_bluetoothctl(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    async with private_bus(tmp_path) as address, post(broker, hub.kit) as gateway:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        hub.start()
        async with bluetoothd(address, home(cuff(0.1, behaviour={"hang_up_s": 60}))):
            await until(lambda: len(gateway.readings()) == 1, "before")
            assert not hub.events("hung_up")
        await hub.until_event("hung_up")
        async with bluetoothd(address, home(cuff(0.1, 0.2))):
            await until(lambda: len(gateway.readings()) == 3, "after")
        assert not gateway.raws()


@asynccontextmanager
async def bluetoothd(address: str, plain: dict[str, Any]) -> AsyncIterator[None]:
    """Serve org.bluez on a bus that outlives it."""
    bus = await MessageBus(bus_address=address, negotiate_unix_fd=True).connect()
    spec = HomeFile.model_validate(plain)
    world = World(spec.timezone, 1.0, lambda _: None)
    peripherals = [build(device, world) for device in spec.devices]
    bluez = Bluez(bus, peripherals, Timing())
    await bluez.serve()
    lives = [asyncio.create_task(peripheral.live()) for peripheral in peripherals]
    try:
        yield
    finally:
        for life in lives:
            life.cancel()
        for peripheral in peripherals:
            peripheral.stop()
        bluez.stop()
        bus.disconnect()
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
        await asyncio.gather(*lives, return_exceptions=True)


async def test_the_patient_sees_delivered_only_on_the_receipt(
    install: Install, radio: Radio, broker: Broker
) -> None:
    radio(home(cuff(0.5, behaviour={"hang_up_s": 0.5})))
    hub = install(CUFF)
    hub.env["HEARTHLINE_INDICATOR"] = "console"

    def shown() -> str:
        return (hub.folder / "console.log").read_text()

    async with post(broker, hub.kit, receipts=False) as gateway:
        hub.start()
        await until(lambda: len(gateway.readings()) == 1, "one reading")
        await until(lambda: "measuring" in shown(), "measuring")
        await hub.until_event("session")
        assert "delivered" not in shown()
        await gateway.receipt(hub.epoch())
        await until(lambda: "delivered" in shown(), "delivered")


async def test_the_log_names_no_device(install: Install, radio: Radio, broker: Broker) -> None:
    radio(home(cuff(0.1), {**meter(2), "pin": "123456"}))
    hub = install(CUFF, METER, passkeys={METER: "654321"})
    async with post(broker, hub.kit) as gateway:
        hub.start()
        await until(lambda: len(gateway.readings()) == 1, "one reading")
        await hub.until_event("session_failed")
    assert hub.stop() == 0
    log = (hub.folder / "agent.log").read_text().upper()
    for secret in (CUFF, METER, CUFF.replace(":", "_"), "A CUFF", 'METER"', "654321"):
        assert secret not in log.replace(str(hub.folder).upper(), ""), secret
    known = {"at", "device", "epoch", "error", "event", "hub", "level", "profile", "records"}
    known |= {
        "answer",
        "code",
        "present",
        "reason",
        "released",
        "restarts",
        "rows",
        "seq",
        "seqs",
        "where",
    }
    assert {key for line in hub.log() for key in line} <= known  # identifiers, never values


async def test_status_works_while_running_and_after(install: Install, radio: Radio) -> None:
    radio(home(cuff(0.1)))
    hub = install(CUFF)
    hub.start()
    await hub.until_event("reading_kept")
    await hub.until_event("not_delivered")  # nobody stands at the broker for the gateway
    told = hub.ask("status")
    assert (told["running"], told["clock_ok"]) == (True, True)
    assert told["waiting"] >= 1
    assert told["oldest"] >= 1
    assert told["problems"] in ([], ["nobody_listens"])  # the file is written every 2 s
    assert hub.stop() == 0
    told = hub.ask("status")
    assert not told["running"]
    assert told["waiting"] >= 1
