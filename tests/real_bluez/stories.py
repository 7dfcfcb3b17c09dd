"""The stories: what devices do at home, the same on the real stack and on the simulated one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from device_profiles.problems import DeviceProblem
from simulators.peripherals.cuff import Pressure
from tests.integration.edge_agent.agent import CUFF, METER, OXIMETER
from tests.real_bluez.stage import Stage

ZONE: Final = "Europe/Vienna"
# Long windows: an emulated processor connects slowly, and no story is about a window.
PATIENT: Final = {"window_s": 600, "again_s": 1, "hang_up_s": 2, "idle_s": 120}
PASSKEY: Final = "004711"


@dataclass(frozen=True)
class Story:
    """One story, with the devices that are in it."""

    name: str
    devices: tuple[dict[str, Any], ...]
    play: Callable[[Stage], Awaitable[None]]

    @property
    def home(self) -> dict[str, Any]:
        """Return the home file."""
        return {"seed": 1, "zone": ZONE, "devices": self.devices}

    @property
    def addresses(self) -> list[str]:
        """Return the devices' addresses."""
        return [device["address"] for device in self.devices]


def pressure(minutes_ago: float = 1.0, systolic: int = 120) -> dict[str, Any]:
    """Return one blood pressure."""
    return {"device_time": _wall(minutes_ago), "systolic": systolic, "diastolic": 80, "pulse": 60}


def _wall(minutes_ago: float) -> str:
    now = datetime.now(ZoneInfo(ZONE)) - timedelta(minutes=minutes_ago)
    return now.replace(tzinfo=None, microsecond=0).isoformat()


def _cuff(behaviour: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return _device("cuff", CUFF, [pressure()], behaviour, **more)


def _device(
    kind: str, address: str, measurements: Any, behaviour: dict[str, Any] | None, **more: Any
) -> dict[str, Any]:
    acts = {**PATIENT, **(behaviour or {})}
    told = {"kind": kind, "address": address, "name": f"Sim {kind}"}
    return {**told, "measurements": measurements, "behaviour": acts, **more}


async def _again(stage: Stage) -> None:
    await stage.air.measure(CUFF, Pressure.model_validate(pressure(0, 135)))


async def _first(stage: Stage) -> None:
    """Scan, connect (and pair), subscribe, one indication, one decoded reading."""
    await stage.until(lambda: stage.hub.state().last_seen is not None, "scan finds the cuff")
    await stage.until(lambda: stage.hub.keepers[0].in_session, "connected, paired where asked")
    await stage.readings(1, "decoded reading sealed in the spool")
    await stage.served(CUFF, "the cuff has hung up")


async def _open(stage: Stage) -> None:
    await _first(stage)


async def _bonded(stage: Stage) -> None:
    await _first(stage)
    await _again(stage)
    await stage.readings(2, "second reading by the bond")
    await stage.served(CUFF, "the cuff has hung up again")


async def _lost_by_device(stage: Stage) -> None:
    await _first(stage)
    await stage.air.lose_bond(CUFF, "device")
    await _again(stage)
    await _until_bond_lost(stage)
    stage.check(len(stage.hub.read()) == 1, "a reading came without a bond")


async def _lost_by_hub(stage: Stage) -> None:
    await _first(stage)
    await stage.air.lose_bond(CUFF, "hub")
    await _again(stage)
    await _until_bond_lost(stage)
    await stage.air.press(CUFF)
    await stage.readings(2, "second reading after the button was pressed")


async def _until_bond_lost(stage: Stage) -> None:
    lost = DeviceProblem.BOND_LOST
    await stage.until(lambda: stage.hub.state().problem == lost, "the agent says bond_lost")


async def _no_answer(stage: Stage) -> None:
    await stage.readings(1, "decoded reading in spite of it")
    await stage.until(lambda: not stage.hub.keepers[0].in_session, "the session has ended")


async def _cut_short(stage: Stage) -> None:
    await stage.readings(5, "all five records in pieces")


async def _two(stage: Stage) -> None:
    await stage.readings(2, "a reading of each")


async def _restarted(stage: Stage) -> None:
    await _first(stage)
    await stage.air.restart()
    await _again(stage)
    await stage.readings(2, "second reading by the bond")


GLUCOSE: Final = [{"device_time": _wall(10 - n), "glucose": 100 + n} for n in range(5)]
OXYGEN: Final = [{"device_time": _wall(1), "spo2": 97, "pulse": 60}]
IN_PIECES: Final = {"hang_up_after_records": 2, "gap_s": 0.2}
SILENT: Final = {"no_answer_to_read": True, "hang_up_s": 60}
BOND: Final = {"bond": True}

STORIES: Final = {
    story.name: story
    for story in (
        Story("open_cuff", (_cuff(),), _open),
        Story("just_works", (_cuff(BOND),), _bonded),
        Story("passkey", (_cuff(pin=PASSKEY),), _bonded),
        Story("bond_lost_by_device", (_cuff(BOND),), _lost_by_device),
        Story("bond_lost_by_hub", (_cuff(BOND),), _lost_by_hub),
        Story("read_without_answer", (_cuff(SILENT),), _no_answer),
        Story(
            "hang_up_in_mid_transfer",
            (_device("glucometer", METER, GLUCOSE, IN_PIECES),),
            _cut_short,
        ),
        Story(
            "two_devices",
            (_cuff(BOND), _device("oximeter", OXIMETER, OXYGEN, BOND)),
            _two,
        ),
        Story("bluetoothd_restarts", (_cuff(BOND),), _restarted),
    )
}
