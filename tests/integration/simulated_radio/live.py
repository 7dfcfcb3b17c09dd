"""A simulated home in a thread of this process: what happens to it is decided by the test.

Its event loop is its own: a dbus-fast bus that is closed disturbs the others of its loop.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from dbus_fast.aio import MessageBus

from simulators.bluez.daemon import private_bus
from simulators.bluez.running import RunningHome
from simulators.bluez.settings import Timing
from simulators.home_file import HomeFile
from simulators.peripherals.any import AnyPeripheral
from simulators.peripherals.peripheral import World
from simulators.peripherals.spec import Measurement
from simulators.taken import Taken
from tests.fixtures.radio import stub_bluetoothctl

T = TypeVar("T")
LIMIT_S: Final = 20.0
# Everything happens as in life, only sooner.
QUICK: Final = Timing(connect_s=2.0, confirm_s=0.005, advertise_s=0.05, unanswered_s=1.0)


class LiveHome:
    """Runs from `start` to `stop`."""

    def __init__(self, plain: Mapping[str, Any], directory: Path, timing: Timing = QUICK) -> None:
        self._spec = HomeFile.model_validate(plain)
        self._timing = timing
        self._directory = directory
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._stopping = asyncio.Event()
        self.taken: list[Taken] = []
        self.bus = ""

    def start(self) -> "LiveHome":
        self._directory.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        ready: asyncio.Future[None] = asyncio.run_coroutine_threadsafe(
            _future(), self._loop
        ).result()
        self._life = asyncio.run_coroutine_threadsafe(self._live(ready), self._loop)
        asyncio.run_coroutine_threadsafe(_wait(ready), self._loop).result(LIMIT_S)
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._life.result(LIMIT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def do(self, act: Callable[[RunningHome], T]) -> T:
        """Do something to the home, in its own thread."""

        async def call() -> T:
            return act(self._home)

        return self.wait_for(call())

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LIMIT_S)

    def restart(self, away_s: float = 0.1) -> None:
        self.wait_for(self._home.restart(away_s))

    def measure(self, address: str, measurement: Measurement) -> None:
        self.do(lambda home: home.peripheral(address).measure(measurement))

    def peripheral(self, address: str) -> AnyPeripheral:
        return self.do(lambda home: home.peripheral(address))

    @property
    def calls(self) -> Mapping[str, int]:
        return self.do(lambda home: home.calls)

    def octets(self) -> list[str]:
        """Return what the devices took, oldest first."""
        return [one.octets.hex() for one in self.taken]

    async def _live(self, ready: "asyncio.Future[None]") -> None:
        async with private_bus(self._directory) as address:
            bus = await MessageBus(bus_address=address, negotiate_unix_fd=True).connect()
            world = World(self._spec.timezone, 1.0, self.taken.append)
            self._home = RunningHome(bus, self._spec, world, self._timing)
            await self._home.start()
            self.bus = address
            ready.set_result(None)
            await self._stopping.wait()
            await self._home.stop()
            bus.disconnect()


async def _future() -> "asyncio.Future[None]":
    return asyncio.get_running_loop().create_future()


async def _wait(future: "asyncio.Future[None]") -> None:
    await future


@contextmanager
def live_home(
    plain: Mapping[str, Any], folder: Path, patch: pytest.MonkeyPatch
) -> Iterator[LiveHome]:
    """Run a home; bleak finds its bus, and a bluetoothctl that tells a version."""
    stub_bluetoothctl(folder / "bin")
    patch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    home = LiveHome(plain, folder / "radio").start()
    patch.setenv("DBUS_SYSTEM_BUS_ADDRESS", home.bus)
    try:
        yield home
    finally:
        home.stop()
