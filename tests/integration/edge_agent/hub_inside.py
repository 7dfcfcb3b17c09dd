"""The hub's radio half in this event loop: radio, sessions and spool, without a broker."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from device_profiles.identity import reading_id
from device_profiles.reading import Reading
from device_profiles.registry import PROFILES
from device_profiles.wire.body import DeviceState, RawBody, ReadingBody
from device_profiles.wire.hub_file import PairedDevice
from edge_agent.core.allow_list import Allowed, AllowList
from edge_agent.ports import Clock
from edge_agent.radio.bluez import BluezRadio
from edge_agent.radio.bonds import Bonds
from edge_agent.radio.home import Home
from edge_agent.radio.keeper import Keeper
from edge_agent.radio.times import Times
from edge_agent.spool.sqlite import SqliteSpool
from tests.fixtures.hub import Kit, make_kit, trusted_clock
from tests.integration.edge_agent.agent import PROFILES as USUAL_PROFILES
from tests.integration.edge_agent.broker import until

QUOTA: Final = 64 * 2**20
QUICK: Final = Times(connect_s=5.0, call_s=0.5, close_s=1.0, silent_s=60.0, off_s=0.05)


class HubInside:
    """Can be stopped and started again over the same folder."""

    def __init__(
        self,
        folder: Path,
        *addresses: str,
        times: Times = QUICK,
        passkeys: Mapping[str, str] | None = None,
        quiet_s: float = 1.0,
        clock: Clock | None = None,
    ) -> None:
        self.kit: Kit = make_kit()
        self.folder, self._times, self._passkeys = folder, times, passkeys or {}
        self._quiet_s, self.clock = quiet_s, clock or trusted_clock()
        self._allowed = AllowList(_allowed(address) for address in addresses)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self.spool = SqliteSpool(self.folder / "state", self.kit.sealer(), self.clock, QUOTA)
        self.spool.release()
        bonds = Bonds(self.folder / "state" / "bonds")
        zone = ZoneInfo(self.kit.hub_file.timezone)
        self.home = Home(self.spool, self.clock, zone, self._quiet_s, bonds)
        self.radio = BluezRadio(self._allowed, self._passkeys, self._times)
        self.keepers = [Keeper(one, self.radio, self.home) for one in self._allowed]
        for keeper in self.keepers:
            self.radio.sightings(keeper.see)
            self.radio.starts(keeper.radio_is_back)
        loops = (self.radio.run(), *(keeper.run() for keeper in self.keepers))
        self._tasks = [asyncio.create_task(loop) for loop in loops]

    async def stop(self) -> None:
        """End as the agent does: cancelled until all have ended."""
        pending = set(self._tasks)
        async with asyncio.timeout(20):
            while pending:
                for task in pending:
                    task.cancel()
                _, pending = await asyncio.wait(pending, timeout=1.0)
        self.spool.close()

    async def __aenter__(self) -> "HubInside":
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def bodies(self) -> list[RawBody | ReadingBody]:
        """Return what is ready to be sent, opened as the gateway would, by seq."""
        rows = sorted(self.spool.pending(100_000), key=lambda row: row.ref.seq)
        opened = [self.kit.open(row) for row in rows]
        return [body for body in opened if isinstance(body, RawBody | ReadingBody)]

    def read(self) -> list[ReadingBody]:
        return [body for body in self.bodies() if isinstance(body, ReadingBody)]

    def readings(self) -> list[Reading]:
        return [body.reading for body in self.read()]

    def ids(self) -> list[UUID]:
        """Return the identity of each reading: the gateway stores equal ones once."""
        return [reading_id(body.reading, body.arrival) for body in self.read()]

    def octets(self) -> list[str]:
        """Return the measurements' own octets, read or raw, by seq."""
        return [
            (body.indication if isinstance(body, RawBody) else body.reading.octets[0]).octets.hex()
            for body in self.bodies()
        ]

    def state(self, place: int = 0) -> DeviceState:
        return self.keepers[place].state

    async def until_read(self, count: int) -> list[ReadingBody]:
        await until(lambda: len(self.read()) >= count, f"{count} readings")
        return self.read()

    async def until_problem(self, word: str | None) -> None:
        await until(lambda: self.state().problem == word, f"problem {word}")


def _allowed(address: str) -> Allowed:
    profile = USUAL_PROFILES[address]
    device = PairedDevice(id=uuid5(UUID(int=1), address), address=address, profile=profile)
    return Allowed(device, PROFILES[profile])
