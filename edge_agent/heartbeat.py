"""The heartbeat: the hub's state to the gateway while connected, and to a file always."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Final
from uuid import UUID

from device_profiles.wire.body import StatusBody
from device_profiles.wire.v1 import Class
from edge_agent.errors import SpoolRefused
from edge_agent.logs import log
from edge_agent.memory import give_back
from edge_agent.ports import Clock, Radio, Spool
from edge_agent.radio.home import Home
from edge_agent.radio.keeper import Keeper
from edge_agent.status import Status, ToldModel, write_status
from edge_agent.uplink.sender import Sender

# The file is for people who look at it now.
FILE_S: Final = 2.0
VERSION: Final = version("hearthline")


class Heartbeat:
    """Looks at all parts of the agent and tells what it sees."""

    def __init__(
        self,
        hub: UUID,
        folder: Path,
        home: Home,
        radio: Radio,
        sender: Sender,
        keepers: Sequence[Keeper],
    ) -> None:
        self._hub, self._folder, self._home = hub, folder, home
        self._radio, self._sender, self._keepers = radio, sender, keepers

    @property
    def _spool(self) -> Spool:
        return self._home.spool

    @property
    def _clock(self) -> Clock:
        return self._home.clock

    async def beat(self, every_s: float) -> None:
        """Put a status into the spool, at once and then regularly, while connected."""
        while True:
            await self._sender.connected.wait()
            try:
                self._spool.put(self._body(), Class.STATUS)
            except SpoolRefused as error:
                log.warning("no_heartbeat", error=error.detail)
            give_back()
            await asyncio.sleep(every_s)

    async def write(self) -> None:
        """Keep the status file new, and try again what the spool refused."""
        try:
            while True:
                self._home.keep_parked()
                self._home.waiting_for_time.settle()
                self._write(running=True)
                await asyncio.sleep(FILE_S)
        finally:
            self._write(running=False)

    def _write(self, *, running: bool) -> None:
        with suppress(SpoolRefused, OSError):  # a full disk has its own message
            write_status(self._folder, self._status(running=running))

    def _body(self) -> StatusBody:
        depth = self._spool.depth()
        return StatusBody(
            at=self._clock.now(),
            version=VERSION,
            boot=self._clock.boot,
            spool_waiting=depth.waiting,
            spool_bytes=depth.octets,
            oldest=depth.oldest,
            hub_clock_ok=self._clock.trusted(),
            devices=tuple(keeper.state for keeper in self._keepers),
        )

    def _status(self, *, running: bool) -> Status:
        depth = self._spool.depth()
        return Status(
            at=self._clock.now(),
            pid=os.getpid(),
            version=VERSION,
            hub=self._hub,
            epoch=self._spool.epoch,
            running=running,
            connected=self._sender.connected.is_set(),
            bluetooth=self._radio.available,
            clock_ok=self._clock.trusted(),
            waiting=depth.waiting,
            octets=depth.octets,
            oldest=depth.oldest,
            problems=tuple(self._problems()),
            devices=tuple(keeper.state for keeper in self._keepers),
            models=tuple(
                ToldModel(device=device, **asdict(told))
                for device, told in self._home.models.items()
            ),
        )

    def _problems(self) -> list[str]:
        found = [problem.value for problem in self._spool.problems]
        found += ["records_parked"] if self._home.parked else []
        found += ["nobody_listens"] if self._sender.nobody_listens else []
        found += [] if self._clock.trusted() else ["clock_not_trusted"]
        return found
