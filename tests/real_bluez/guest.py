"""Runs in the virtual machine: plays the stories on the real bluetoothd, tells how they went.

`python3 -m tests.real_bluez.guest OUT STORY...`: one JSON line for each story goes to OUT.
"""

import asyncio
import json
import logging
import os
import shutil
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

from simulators.home_file import HomeFile
from simulators.peripherals.any import build
from simulators.peripherals.peripheral import World
from simulators.peripherals.spec import Measurement
from simulators.taken import Taken
from tests.real_bluez.antenna import Antenna, open_air
from tests.real_bluez.play import play
from tests.real_bluez.stories import STORIES

BUS: Final = "unix:path=/run/dbus/system_bus_socket"
STORED: Final = Path("/var/lib/bluetooth")
DAEMON: Final = "/usr/libexec/bluetooth/bluetoothd"
DEBUG: Final = ("-d",) if os.environ.get("DEBUG") else ()
LOG: Final = Path("/run/bluetoothd.log")
READY_S: Final = 60.0


class RealAir:
    """bluetoothd, started and ended here, and bumble's devices around it."""

    def __init__(self) -> None:
        self._link: Any = None
        self._vhci: Any = None
        self._antennas: dict[str, Antenna] = {}
        self._lives: list[asyncio.Task[None]] = []
        self._daemon: asyncio.subprocess.Process | None = None
        self._taken: list[Taken] = []

    async def bring(self, home: Mapping[str, Any]) -> None:
        shutil.rmtree(STORED, ignore_errors=True)
        STORED.mkdir(mode=0o700)
        self._link, self._vhci = await open_air()
        await self._start()
        plain = HomeFile.model_validate(home)
        world = World(plain.timezone, 1.0, self._taken.append)
        self._taken.clear()
        for spec in plain.devices:
            device = build(spec, world)
            self._antennas[spec.address] = antenna = Antenna(device, self._link)
            await antenna.switch_on()
            device.begin()
            self._lives.append(asyncio.create_task(device.live()))

    async def clear(self) -> None:
        for life in self._lives:
            life.cancel()
        for antenna in self._antennas.values():
            antenna.peripheral.stop()
            await antenna.switch_off()
        self._antennas.clear()
        await self._stop()
        if self._vhci is not None:
            await self._vhci.close()
            self._vhci = None

    async def measure(self, address: str, measurement: Measurement) -> None:
        self._antennas[address].peripheral.measure(measurement)

    async def press(self, address: str) -> None:
        await self._antennas[address].lose_keys()
        self._antennas[address].peripheral.pairing_mode()

    async def lose_bond(self, address: str, side: str) -> None:
        antenna = self._antennas[address]
        if side == "device":
            await antenna.lose_keys()
            return
        antenna.peripheral.holds_old_bond = True
        await self._stop()
        for known in STORED.glob(f"*/{address}"):
            shutil.rmtree(known)
        await self._start()

    async def restart(self) -> None:
        await self._stop()
        await self._start()

    def idle(self, address: str) -> bool:
        device = self._antennas[address].peripheral
        return not device.waiting() and not device.connected

    def octets(self) -> list[str]:
        return [one.octets.hex() for one in self._taken]

    async def _start(self) -> None:
        with LOG.open("ab") as log:  # noqa: ASYNC230 - in memory
            self._daemon = await asyncio.create_subprocess_exec(DAEMON, "-n", *DEBUG, stderr=log)
        async with asyncio.timeout(READY_S):
            while not await _powered():  # noqa: ASYNC110 - there is no event
                await asyncio.sleep(0.2)

    async def _stop(self) -> None:
        if self._daemon is not None:
            self._daemon.terminate()
            await self._daemon.wait()
            self._daemon = None


async def _powered() -> bool:
    """Tell whether bluetoothd is there and has switched the adapter on."""
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    try:
        names, path = "org.freedesktop.DBus.Properties", "/org/bluez/hci0"
        body = ["org.bluez.Adapter1", "Powered"]
        call = Message("org.bluez", path, names, "Get", signature="ss", body=body)
        call.flags |= 2  # NO_AUTO_START: systemd is not here
        reply = await bus.call(call)
        return (
            reply is not None
            and reply.message_type is MessageType.METHOD_RETURN
            and bool(reply.body[0].value)
        )
    finally:
        bus.disconnect()


class _OnlyTurns(logging.Filter):
    """Of all that bumble says, what switches scans and advertisements and what connects."""

    WORDS: Final = ("CREATE_CONN", "DISCONNECT", "KEY", "ENCRYPT", "### LE", "*** ", "ATT_")

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage().upper()
        return record.levelno > logging.DEBUG or any(word in said for word in self.WORDS)


async def main(out: Path, names: list[str]) -> None:
    air = RealAir()
    with out.open("w", buffering=1) as told:
        told.write(json.dumps({"versions": _versions()}) + "\n")
        for name in names:
            print(f"story {name}", flush=True)
            try:
                result = (await play(STORIES[name], air, BUS)).plain()
            except Exception:  # noqa: BLE001 - a fault of ours in one story is told, and the next comes
                result = {"story": name, "failure": traceback.format_exc()}
            print(f"  {result.get('failure') or 'passed'} {result.get('steps')}", flush=True)
            told.write(json.dumps(result) + "\n")
        told.write(json.dumps({"end": True}) + "\n")


def _versions() -> dict[str, str]:
    commands = {"kernel": ["uname", "-r"], "bluez": [DAEMON, "--version"]}
    return {
        name: subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        for name, command in commands.items()
    }


if __name__ == "__main__":
    if DEBUG:
        logging.basicConfig(level=logging.DEBUG, format="%(relativeCreated)d %(message)s")
        logging.getLogger().handlers[0].addFilter(_OnlyTurns())
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
