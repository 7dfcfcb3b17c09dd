"""The hub's side of a session: what it hears goes to the spool, what it says is the profile's."""

import asyncio
from typing import Final

import structlog

from device_profiles.gatt import Uuid
from device_profiles.reading import Indication
from device_profiles.talk import Write
from edge_agent.core.allow_list import Allowed
from edge_agent.errors import DeviceLost, DeviceRefused
from edge_agent.ports import Link
from edge_agent.radio.intake import Intake

log: Final = structlog.get_logger()


class Conversation:
    """One session's. `hear` and `answered` run inside the radio's callback and never raise."""

    def __init__(self, link: Link, allowed: Allowed, intake: Intake) -> None:
        self._link, self._device, self._intake = link, allowed.device.id, intake
        self._talk = allowed.profile.talk(allowed.owner)
        self._sieve = allowed.profile.sieve()
        self._writes: asyncio.Queue[Write] = asyncio.Queue()
        self.sieved = 0
        """How many notifications were dropped because they hold no measurement."""

    def hear(self, uuid: Uuid, octets: bytes) -> None:
        """Keep it unless it holds no measurement, then think of an answer.

        What is indicated is always kept: the device was told that it arrived, and may delete it.
        """
        reads = self._keeps(Indication(uuid=uuid, octets=octets))
        if reads or self._link.indicates(uuid):
            self._intake.take(uuid, octets, reads=reads)
        else:
            self.sieved += 1
        self.answered(uuid, octets)

    def answered(self, uuid: Uuid, octets: bytes) -> None:
        """Take an answer to what was said; it is no measurement."""
        self._intake.heard()
        try:
            writes = self._talk.heard(Indication(uuid=uuid, octets=octets))
        except Exception as error:  # noqa: BLE001 - a bug here must not cost the session
            log.error("talk_failed", device=str(self._device), error=type(error).__name__)  # noqa: TRY400
            return
        for write in writes:
            self._writes.put_nowait(write)

    def _keeps(self, indication: Indication) -> bool:
        try:
            return self._sieve.keeps(indication)
        except Exception as error:  # noqa: BLE001 - when in doubt, keep
            log.error("sieve_failed", device=str(self._device), error=type(error).__name__)  # noqa: TRY400
            return True

    async def run(self) -> None:
        """Say what there is to say, until cancelled or the device is gone."""
        try:
            for write in self._talk.begin():
                await self._say(write)
            while True:
                await self._say(await self._writes.get())
        except DeviceLost:
            return

    async def _say(self, write: Write) -> None:
        await asyncio.sleep(write.after_s)
        if not self._link.has(write.uuid):
            return
        try:
            await self._link.write(write.uuid, write.octets)
        except DeviceRefused as error:
            log.warning("write_refused", device=str(self._device), error=error.detail)
