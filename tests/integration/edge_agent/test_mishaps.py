"""What goes wrong with devices at home, a test each, on the simulated radio by unmodified bleak."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pytest
from bleak import BleakClient

from device_profiles.gatt import (
    BATTERY_LEVEL,
    BLOOD_PRESSURE_MEASUREMENT,
    CURRENT_TIME,
    MANUFACTURER_NAME,
)
from edge_agent.core import plan
from simulators.bluez import service
from simulators.bluez.adapter import Adapter
from simulators.bluez.call import Call
from simulators.bluez.device import Device
from simulators.bluez.errors import BluezError, in_progress
from simulators.peripherals.cuff import Cuff, Pressure
from tests.fixtures.hub import CUFF_OCTETS
from tests.integration.edge_agent.agent import CUFF, METER, OXIMETER
from tests.integration.edge_agent.broker import until
from tests.integration.edge_agent.hub_inside import QUICK, HubInside
from tests.integration.simulated_radio.homes import find
from tests.integration.simulated_radio.live import LiveHome, live_home

ZONE = "Europe/Vienna"
# Nothing waits longer than it must: seconds of life are tenths of seconds here.
BRISK = {"window_s": 20, "again_s": 0.2, "hang_up_s": 0.1, "idle_s": 3}


def wall(minutes_ago: float = 1.0) -> str:
    now = datetime.now(ZoneInfo(ZONE)) - timedelta(minutes=minutes_ago)
    return now.replace(tzinfo=None, microsecond=0).isoformat()


def pressure(minutes_ago: float = 1.0, systolic: int = 120, **more: Any) -> dict[str, Any]:
    stamp = wall(minutes_ago)
    return {"device_time": stamp, "systolic": systolic, "diastolic": 80, "pulse": 60, **more}


def glucose(minutes_ago: float, value: Any = 100, **more: Any) -> dict[str, Any]:
    return {"device_time": wall(minutes_ago), "glucose": value, **more}


def device(address: str, *measurements: dict[str, Any], **more: Any) -> dict[str, Any]:
    kind = {CUFF: "cuff", METER: "glucometer", OXIMETER: "oximeter"}[address]
    behaviour = {**BRISK, **more.pop("behaviour", {})}
    return {
        "address": address,
        "kind": kind,
        "name": kind,
        "measurements": measurements,
        "behaviour": behaviour,
        **more,
    }


async def served(simulated: LiveHome, address: str = CUFF) -> None:
    """Wait until the device has told what it has, and has hung up."""
    peripheral = simulated.peripheral(address)
    await until(lambda: not peripheral.waiting() and not peripheral.connected, "served")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_WAIT_S", "SERVED_WAIT_S", "EMPTY_WAIT_S"):
        monkeypatch.setattr(plan, name, getattr(plan, name) / 10)


class Live(Protocol):
    def __call__(self, *devices: dict[str, Any], **home: Any) -> LiveHome: ...


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    with ExitStack() as running:

        def start(*devices: dict[str, Any], **home: Any) -> LiveHome:
            plain = {"seed": 1, "zone": ZONE, "devices": devices, **home}
            return running.enter_context(live_home(plain, tmp_path, monkeypatch))

        yield start


async def test_two_identical_readings_a_minute_apart_are_two(live: Live, tmp_path: Path) -> None:
    live(device(CUFF, pressure(2), pressure(1)))
    async with HubInside(tmp_path, CUFF) as hub:
        await hub.until_read(2)
        assert len(set(hub.ids())) == 2


async def test_control_solution_is_never_charted(live: Live, tmp_path: Path) -> None:
    """Either mark is enough: the sample type, or the location."""
    live(
        device(METER, glucose(3, sample=10), glucose(2, location=4), glucose(1)),
    )
    async with HubInside(tmp_path, METER) as hub:
        await hub.until_read(3)
        validity = [reading.validity.value for reading in hub.readings()]
    assert validity == ["control", "control", "valid"]


async def test_hi_and_lo_are_findings_without_a_number(live: Live, tmp_path: Path) -> None:
    live(device(METER, glucose(2, "HI"), glucose(1, "LO")))
    async with HubInside(tmp_path, METER) as hub:
        await hub.until_read(2)
        values = [reading.value("glucose") for reading in hub.readings()]
    assert [value.number for value in values if value] == [None, None]
    assert [value.absent.value for value in values if value and value.absent] == ["HI", "LO"]


async def test_a_user_slot_travels_with_the_reading(live: Live, tmp_path: Path) -> None:
    live(device(CUFF, pressure(3, user=1), pressure(2, user=2), pressure(1, user=255)))
    async with HubInside(tmp_path, CUFF) as hub:
        await hub.until_read(3)
        assert [reading.user for reading in hub.readings()] == [1, 2, None]


async def test_a_device_clock_that_is_off_is_corrected_and_both_times_are_kept(
    live: Live, tmp_path: Path
) -> None:
    simulated = live(device(CUFF, pressure(5), clock_error_s=-7200))
    async with HubInside(tmp_path, CUFF) as hub:
        (body,) = await hub.until_read(1)
        assert hub.state().problem is None
    (taken,) = simulated.taken
    assert str(body.reading.device_time) == taken.device_time.isoformat()
    true = taken.home_time.replace(tzinfo=ZoneInfo(ZONE))
    assert body.measured_at is not None
    assert abs(body.measured_at - true) < timedelta(seconds=3)


async def test_a_device_clock_that_was_reset_is_corrected_and_set(
    live: Live, tmp_path: Path
) -> None:
    """New batteries: it is 2017 on the device, until the hub sets it."""
    simulated = live(device(CUFF, pressure(5), behaviour={"clock": "reset"}))
    async with HubInside(tmp_path, CUFF) as hub:
        (body,) = await hub.until_read(1)
        assert body.reading.device_time is not None
        assert body.reading.device_time.year <= 2017
        true = simulated.taken[0].home_time.replace(tzinfo=ZoneInfo(ZONE))
        assert body.measured_at is not None
        assert abs(body.measured_at - true) < timedelta(seconds=3)
        await served(simulated)
        simulated.measure(CUFF, Pressure.model_validate(pressure(0)))
        *_, later = await hub.until_read(2)
        assert later.reading.device_time is not None
        assert later.reading.device_time.year == datetime.now(ZoneInfo(ZONE)).year


async def test_a_device_clock_of_year_0_gives_no_time_but_keeps_what_was_said(
    live: Live, tmp_path: Path
) -> None:
    live(device(CUFF, pressure(5), behaviour={"clock": "year_0", "clock_locked": True}))
    async with HubInside(tmp_path, CUFF) as hub:
        (body,) = await hub.until_read(1)
        await hub.until_problem("clock_unset")
    assert body.measured_at is None
    assert body.basis.value == "no_true_time"
    assert body.reading.device_time is not None
    assert body.reading.device_time.year == 0


async def test_a_device_clock_of_year_0_is_set(live: Live, tmp_path: Path) -> None:
    simulated = live(device(CUFF, pressure(5), behaviour={"clock": "year_0"}))
    async with HubInside(tmp_path, CUFF) as hub:
        await hub.until_read(1)
        await served(simulated)
        simulated.measure(CUFF, Pressure.model_validate(pressure(0)))
        *_, later = await hub.until_read(2)
        assert hub.state().problem is None
    assert later.measured_at is not None


async def test_stored_records_sent_again_in_every_session_are_the_same_readings(
    live: Live, tmp_path: Path
) -> None:
    simulated = live(device(CUFF, pressure(3), pressure(2), behaviour={"resend": True}))
    async with HubInside(tmp_path, CUFF) as hub:
        await hub.until_read(2)
        await served(simulated)
        simulated.measure(CUFF, Pressure.model_validate(pressure(0)))
        await hub.until_read(5)
        first, second = hub.ids()[:2], hub.ids()[2:]
    assert second[:2] == first
    assert len(set(first + second)) == 3


EARLY = {"early_indication": 0.6, "request_s": 0.25, "hang_up_s": 5}


async def test_what_is_indicated_before_subscription_is_lost(live: Live) -> None:
    """BlueZ confirms it, so the device deletes it. Reading first loses; that is why we do not."""
    simulated = live(device(CUFF, pressure(), behaviour=EARLY))
    came: list[bytes] = []
    cuff = await find(CUFF)
    async with BleakClient(cuff) as client:
        await client.read_gatt_char(CURRENT_TIME)
        await client.read_gatt_char(BATTERY_LEVEL)
        await client.read_gatt_char(MANUFACTURER_NAME)
        await client.start_notify(BLOOD_PRESSURE_MEASUREMENT, lambda _, o: came.append(bytes(o)))
        await until(lambda: not simulated.peripheral(CUFF).waiting(), "believed to be delivered")
    assert came == []


async def test_an_early_indication_is_kept_because_we_subscribe_first(
    live: Live, tmp_path: Path
) -> None:
    simulated = live(device(CUFF, pressure(), behaviour=EARLY))
    async with HubInside(tmp_path, CUFF) as hub:
        await hub.until_read(1)
        assert hub.octets() == simulated.octets()


async def test_what_comes_before_the_answer_to_the_subscription_is_kept(
    live: Live, tmp_path: Path
) -> None:
    simulated = live(device(CUFF, pressure(2), pressure(1), behaviour={"before_reply": True}))
    async with HubInside(tmp_path, CUFF) as hub:
        await hub.until_read(2)
        assert hub.octets() == simulated.octets()


async def test_abort_by_local_and_then_success(live: Live, tmp_path: Path) -> None:
    """bleak tells of a disconnection before it has connected; it must not end our session."""
    simulated = live(device(CUFF, pressure(), behaviour={"abort_connects": 1}))
    async with HubInside(tmp_path, CUFF) as hub:
        await hub.until_read(1)
        assert hub.state().problem is None
    assert simulated.calls["Pair"] + simulated.calls["Connect"] == 2


async def test_connect_in_progress(live: Live, tmp_path: Path) -> None:
    """An older attempt hangs in BlueZ: tried again, after bleak has called Disconnect."""
    simulated = live(device(CUFF, pressure(), behaviour={"in_progress": 1}))
    async with HubInside(tmp_path, CUFF) as hub:
        await hub.until_read(1)
    assert simulated.calls["RemoveDevice"] == 0


async def test_connect_in_progress_for_ever_powers_the_adapter_off_and_on(
    live: Live, tmp_path: Path
) -> None:
    simulated = live(device(CUFF, pressure(), behaviour={"in_progress": 1000}))
    async with HubInside(tmp_path, CUFF) as hub:
        await hub.until_problem("connection_failed")
        await hub.until_read(1)
        await hub.until_problem(None)
    assert simulated.calls["RemoveDevice"] == 0


async def test_a_hang_up_during_the_pull_of_records(live: Live, tmp_path: Path) -> None:
    """It hangs up after every 4 records; each session goes on where the last one ended."""
    records = [glucose(60 - n, 80 + n) for n in range(10)]
    simulated = live(device(METER, *records, behaviour={"hang_up_after_records": 4}))
    async with HubInside(tmp_path, METER) as hub:
        await hub.until_read(10)
        await until(lambda: not simulated.peripheral(METER).waiting(), "the meter is content")
        assert hub.octets() == simulated.octets()  # none lost, none doubled, in order
        await until(lambda: hub.spool.bookmark(hub.state().device) is not None, "all pulled")
        mark = hub.spool.bookmark(hub.state().device)
        assert mark is not None
        assert mark.sequence == 10


async def test_a_bond_lost_on_the_devices_side(live: Live, tmp_path: Path) -> None:
    """The hub says what to press, and touches nothing. After it was pressed, all is well."""
    simulated = live(device(CUFF, pressure(9), behaviour={"bond": True, "lose_bond": "device"}))
    async with HubInside(tmp_path, CUFF) as hub:
        await hub.until_read(1)
        await served(simulated)
        simulated.measure(CUFF, Pressure.model_validate(pressure(0, 130)))
        await hub.until_problem("bond_lost")
        assert simulated.calls["RemoveDevice"] == 0
        simulated.do(lambda home: home.remove_device(CUFF))  # `bluetoothctl remove`
        simulated.do(lambda home: home.peripheral(CUFF).pairing_mode())
        await hub.until_read(2)
        await hub.until_problem(None)
        assert hub.octets() == simulated.octets()
    assert simulated.calls["RemoveDevice"] == 0


async def test_a_bond_lost_on_the_hubs_side(live: Live, tmp_path: Path) -> None:
    """A new card in the hub: the device keeps the old bond, and takes no other."""
    simulated = live(device(CUFF, pressure(9), behaviour={"bond": True, "lose_bond": "hub"}))
    async with HubInside(tmp_path, CUFF) as hub:
        await hub.until_read(1)
    async with hub:  # what was known survives a restart of the agent
        simulated.measure(CUFF, Pressure.model_validate(pressure(0, 130)))
        await hub.until_problem("bond_lost")
        simulated.do(lambda home: home.peripheral(CUFF).pairing_mode())
        await hub.until_read(2)
        await hub.until_problem(None)
    assert simulated.calls["RemoveDevice"] == 0


async def test_passkey_pairing_on_a_headless_hub(live: Live, tmp_path: Path) -> None:
    simulated = live(device(METER, glucose(5), pin="004711"))
    async with HubInside(tmp_path, METER, passkeys={METER: "004711"}) as hub:
        await hub.until_read(1)
        assert hub.octets() == simulated.octets()


@pytest.mark.parametrize(
    ("passkeys", "word"),
    [({}, "passkey_missing"), ({METER: "000001"}, "passkey_wrong")],
    ids=["none is known", "another one"],
)
async def test_passkey_pairing_that_fails_says_what_to_do(
    live: Live, tmp_path: Path, passkeys: dict[str, str], word: str
) -> None:
    live(device(METER, glucose(5), pin="004711"))
    async with HubInside(tmp_path, METER, passkeys=passkeys) as hub:
        await hub.until_problem(word)


async def test_bluetoothd_restarts_in_mid_session(live: Live, tmp_path: Path) -> None:
    simulated = live(device(CUFF, pressure(9), behaviour={"bond": True, "hang_up_s": 30}))
    async with HubInside(tmp_path, CUFF, quiet_s=30) as hub:
        await hub.until_read(1)
        assert hub.keepers[0].in_session
        simulated.restart()
        await until(lambda: not hub.keepers[0].in_session, "the session has ended")
        simulated.measure(CUFF, Pressure.model_validate(pressure(0, 130)))
        await hub.until_read(2)
        assert hub.octets() == simulated.octets()


async def test_what_is_indicated_while_the_hub_hangs_up_is_kept(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device was quicker by a hair: BlueZ says "Not Connected" to us, and dbus-daemon, which
    promises no order between two sockets, gives us that before the value and the hang-up.
    """
    late = [bytes((0, systolic)) + CUFF_OCTETS[2:] for systolic in range(110, 115)]
    told: list[bytes] = []

    def said_before(device: Device) -> None:
        if device.link is not None and len(told) < len(late):
            told.append(late[len(told)])
            assert device.link._deliver(BLOOD_PRESSURE_MEASUREMENT, told[-1])
        device.disconnect()
        assert isinstance(device.peripheral, Cuff)
        device.peripheral.measure(Pressure.model_validate(pressure()))  # it advertises again

    async def says_one_more(device: Device, _: Call) -> None:
        asyncio.get_running_loop().call_later(0.01, said_before, device)
        raise BluezError("NotConnected", "Not Connected")

    monkeypatch.setattr(service, "_disconnect", says_one_more)
    live(device(CUFF, pressure(), behaviour={"hang_up_s": 60, "idle_s": 60}))
    async with HubInside(tmp_path, CUFF, quiet_s=0.05) as hub:
        await until(lambda: len(told) == len(late), "five sessions")
        await until(lambda: {one.hex() for one in late} <= set(hub.octets()), "all are kept", 5)


async def test_an_adapter_gone_silent_is_powered_off_and_on(live: Live, tmp_path: Path) -> None:
    simulated = live(device(CUFF, behaviour={"bond": True}))
    simulated.do(lambda home: home.silence())
    simulated.measure(CUFF, Pressure.model_validate(pressure()))
    times = replace(QUICK, silent_s=0.3)
    async with HubInside(tmp_path, CUFF, times=times) as hub:
        await hub.until_read(1)
    assert simulated.calls["StartDiscovery"] >= 3  # the first remedy is a new scan
    assert simulated.calls["RemoveDevice"] == 0


async def test_a_scan_that_bluez_believes_to_be_under_way_already(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It refuses every new one; only powering the adapter off and on ends that."""
    start, power_off, reset = Adapter.start, Adapter._power_off, asyncio.Event()

    async def refuses(adapter: Adapter, call: Call) -> None:
        if not reset.is_set():
            raise in_progress()
        await start(adapter, call)

    def resets(adapter: Adapter) -> None:
        reset.set()
        power_off(adapter)

    monkeypatch.setattr(Adapter, "start", refuses)
    monkeypatch.setattr(Adapter, "_power_off", resets)
    live(device(CUFF, pressure()))
    async with HubInside(tmp_path, CUFF) as hub:
        await hub.until_read(1)


async def test_several_devices_advertise_at_once(live: Live, tmp_path: Path) -> None:
    oxygen = {"device_time": wall(), "spo2": 97, "pulse": 60}
    simulated = live(
        device(CUFF, pressure(3), pressure(2), pressure(1)),
        device(METER, glucose(9), glucose(8)),
        device(OXIMETER, oxygen),
    )
    async with HubInside(tmp_path, CUFF, METER, OXIMETER) as hub:
        await hub.until_read(6)
        assert sorted(hub.octets()) == sorted(simulated.octets())


async def test_a_read_without_an_answer_does_not_hang_the_session(
    live: Live, tmp_path: Path
) -> None:
    simulated = live(device(CUFF, pressure(), behaviour={"no_answer_to_read": True}))
    async with HubInside(tmp_path, CUFF) as hub:
        await hub.until_read(1)
        await until(lambda: not hub.keepers[0].in_session, "the session has ended")
        assert hub.octets() == simulated.octets()
