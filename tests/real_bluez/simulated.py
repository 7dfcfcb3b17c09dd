"""The simulated org.bluez as the air of a story."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from simulators.peripherals.spec import Measurement
from tests.integration.simulated_radio.live import LiveHome, live_home


class SimulatedAir:
    """A home in a thread; `bus` is the address of its bus once it lives."""

    def __init__(self, plain: Mapping[str, Any], folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._running = ExitStack()
        self._home: LiveHome = self._running.enter_context(live_home(plain, folder, patch))
        self.bus = self._home.bus

    async def bring(self, home: Mapping[str, Any]) -> None:
        """It lives already: the bus has to be there first."""

    async def clear(self) -> None:
        self._running.close()

    async def measure(self, address: str, measurement: Measurement) -> None:
        self._home.measure(address, measurement)

    async def press(self, address: str) -> None:
        self._home.do(lambda home: home.peripheral(address).pairing_mode())

    async def lose_bond(self, address: str, side: str) -> None:
        self._home.do(lambda home: home.lose_bond(address, side))

    async def restart(self) -> None:
        self._home.restart()

    def idle(self, address: str) -> bool:
        device = self._home.peripheral(address)
        return not device.waiting() and not device.connected

    def octets(self) -> list[str]:
        return self._home.octets()
