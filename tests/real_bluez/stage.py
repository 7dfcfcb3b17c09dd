"""Where a story is played: on the real stack in the guest, or on the simulated org.bluez."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from edge_agent.radio.times import Times
from simulators.peripherals.spec import Measurement
from tests.integration.edge_agent.hub_inside import HubInside

# The agent's own times, except for the connection: an emulated processor takes long for it.
TIMES: Final = Times(connect_s=90.0)
STEP_S: Final = 120.0


class StoryFailed(Exception):
    """What a story waited for did not come."""


class Air(Protocol):
    """The devices, and what can happen to them and to bluetoothd."""

    async def bring(self, home: Mapping[str, Any]) -> None:
        """Let bluetoothd run, with nothing stored, and these devices live around it."""

    async def clear(self) -> None:
        """End both."""

    async def measure(self, address: str, measurement: Measurement) -> None:
        """Measure with a device."""

    async def press(self, address: str) -> None:
        """Press its pairing button."""

    async def lose_bond(self, address: str, side: str) -> None:
        """Let "device" or "hub" forget the bond."""

    async def restart(self) -> None:
        """End bluetoothd and start it again."""

    def idle(self, address: str) -> bool:
        """Tell whether the device has told all and hung up."""

    def octets(self) -> list[str]:
        """Return what the devices took, oldest first."""


@dataclass
class Stage:
    """What a story acts on; notes when each of its steps was reached."""

    air: Air
    hub: HubInside
    started: float = field(default_factory=time.monotonic)
    steps: list[tuple[str, float]] = field(default_factory=list)

    async def until(self, holds: Callable[[], bool], step: str, limit_s: float = STEP_S) -> None:
        """Wait for something; it is a step of the story."""
        deadline = time.monotonic() + limit_s
        while not holds():
            if time.monotonic() > deadline:
                raise StoryFailed(f"not in {limit_s:.0f} s: {step}")
            await asyncio.sleep(0.05)
        self.steps.append((step, round(time.monotonic() - self.started, 1)))

    async def readings(self, count: int, step: str) -> None:
        """Wait until so many decoded readings are sealed in the spool, then compare octets."""
        await self.until(lambda: len(self.hub.read()) >= count, step)
        told, taken = self.hub.octets(), self.air.octets()
        if sorted(told) != sorted(taken[:count]):
            raise StoryFailed(f"{step}: the spool does not hold what was taken")

    async def served(self, address: str, step: str) -> None:
        """Wait until a device has told all and hung up."""
        await self.until(lambda: self.air.idle(address), step)

    def check(self, holds: bool, what: str) -> None:
        """Fail the story where something does not hold."""
        if not holds:
            raise StoryFailed(what)
