"""A home that runs: its devices live, and what can happen to them and to the hub's Bluetooth."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final

from dbus_fast.aio import MessageBus

from simulators.bluez.service import NAME, Bluez
from simulators.bluez.settings import Timing
from simulators.home_file import Bluetooth, HomeFile
from simulators.peripherals.any import AnyPeripheral, build
from simulators.peripherals.peripheral import World

USUAL: Final = Timing()


class RunningHome:
    """Serves a home on a bus. Everything but `start`, `restart` and `stop` takes effect at once."""

    def __init__(
        self, bus: MessageBus, home: HomeFile, world: World, timing: Timing = USUAL
    ) -> None:
        self._bus, self._timing, self._world = bus, timing, world
        self._faults = home.bluetooth
        self._peripherals: Sequence[AnyPeripheral] = [build(one, world) for one in home.devices]
        self._tasks: list[asyncio.Task[None]] = []
        self._calls: Counter[str] = Counter()
        self.bluez = Bluez(bus, self._peripherals, timing)

    @property
    def calls(self) -> Counter[str]:
        """Return how often each method of org.bluez was called, through all restarts."""
        return self._calls + self.bluez.calls

    async def start(self) -> None:
        """Take what was measured before, serve org.bluez, and live."""
        await self.serve()
        self.begin()

    async def serve(self) -> None:
        """Serve org.bluez with devices that do nothing yet."""
        await self.bluez.serve()

    def begin(self) -> None:
        """Take what was measured before, and live."""
        for peripheral in self._peripherals:
            peripheral.begin()
        lives = (
            *(one.live() for one in self._peripherals),
            *self._fates(self._faults),
            *(deed for one in self._peripherals for deed in self._deeds(one)),
        )
        self._tasks = [asyncio.create_task(life) for life in lives]

    async def stop(self) -> None:
        """End everything, but leave the bus."""
        for task in self._tasks:
            task.cancel()
        for peripheral in self._peripherals:
            peripheral.stop()
        self.bluez.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def restart(self, away_s: float = 0.0) -> None:
        """End bluetoothd and start it again: links are gone, bonds stay, devices do not notice."""
        self._calls += self.bluez.calls
        bonds = self.bluez.bonds
        self.bluez.stop()
        await self._bus.release_name(NAME)
        await asyncio.sleep(away_s)
        self.bluez = Bluez(self._bus, self._peripherals, self._timing, bonds)
        await self.bluez.serve()

    def silence(self) -> None:
        """Let the adapter hear nothing more until it is powered off and on."""
        self.bluez.adapter.silent = True

    def peripheral(self, address: str) -> AnyPeripheral:
        """Return the device itself."""
        return self.bluez.device(address).peripheral

    def lose_bond(self, address: str, side: str) -> None:
        """Let the device or the hub forget the bond, at the end of the connection."""
        device = self.bluez.device(address)
        device.disconnect()
        device.lose_bond(side)

    def remove_device(self, address: str) -> None:
        """Do what a person does with `bluetoothctl remove`."""
        self.bluez.device(address).unbond()

    def _fates(self, faults: Bluetooth) -> list[Coroutine[Any, Any, None]]:
        return [
            *(self._at(at, self.silence) for at in faults.silent_at_s),
            *(self._restarted(at, faults.restart_s) for at in faults.restart_at_s),
        ]

    def _deeds(self, device: AnyPeripheral) -> list[Coroutine[Any, Any, None]]:
        """Return what people do with a device."""
        return [
            *(self._at(at, device.pairing_mode) for at in device.behaviour.button_at_s),
            *(
                self._at(at, partial(self.remove_device, device.address))
                for at in device.behaviour.removed_at_s
            ),
        ]

    async def _at(self, at_s: float, act: Callable[[], None]) -> None:
        await asyncio.sleep(at_s / self._world.speed)
        act()

    async def _restarted(self, at_s: float, away_s: float) -> None:
        await asyncio.sleep(at_s / self._world.speed)
        await self.restart(away_s)
