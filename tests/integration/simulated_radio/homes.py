"""Home descriptions and small helpers that the tests of the simulated radio share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice

from device_profiles.gatt import Uuid

CUFF: Final = "AA:BB:CC:00:00:01"
METER: Final = "AA:BB:CC:00:00:02"
OXIMETER: Final = "AA:BB:CC:00:00:03"
LIMIT_S: Final = 15.0


def pressure(after_s: float = 0.0, systolic: int = 132, hour: int = 8) -> dict[str, Any]:
    """One blood pressure as HOME.json writes it."""
    return {
        "after_s": after_s,
        "device_time": f"2026-11-20T{hour:02}:00:00",
        "systolic": systolic,
        "diastolic": 84,
        "pulse": 70,
    }


def home(
    kind: str, address: str, measurements: list[dict[str, Any]], **more: Any
) -> dict[str, Any]:
    """A home with one device."""
    device = {"kind": kind, "address": address, "name": f"Sim {kind}", **more}
    return {"seed": 1, "devices": [{**device, "measurements": measurements}]}


async def find(address: str) -> BLEDevice:
    """Scan until the device is seen."""
    device = await BleakScanner.find_device_by_address(address, LIMIT_S)
    assert device is not None
    return device


class Session:
    """A connected client that notes what comes in and when the link ends."""

    def __init__(self, device: BLEDevice, *, pair: bool = False) -> None:
        self.ended = asyncio.Event()
        self.client = BleakClient(
            device, disconnected_callback=lambda _: self.ended.set(), timeout=LIMIT_S, pair=pair
        )
        self.received: list[tuple[Uuid, bytes]] = []
        self._arrivals: asyncio.Queue[None] = asyncio.Queue()

    async def subscribe(self, uuid: Uuid) -> None:
        """Note all values of a characteristic."""

        def note(_: object, octets: bytearray) -> None:
            self.received.append((uuid, bytes(octets)))
            self._arrivals.put_nowait(None)

        await self.client.start_notify(uuid, note)

    async def until(self, count: int) -> list[bytes]:
        """Wait until so many values have come."""
        async with asyncio.timeout(LIMIT_S):
            while len(self.received) < count:
                await self._arrivals.get()
        return [octets for _, octets in self.received]

    async def hung_up(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            await self.ended.wait()


@asynccontextmanager
async def session(address: str, *, pair: bool = False) -> AsyncIterator[Session]:
    """Find, connect, and disconnect afterwards."""
    one = Session(await find(address), pair=pair)
    async with one.client:
        yield one
