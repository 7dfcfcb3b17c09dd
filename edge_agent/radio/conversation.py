"""The hub's side of a session: what it hears goes to the spool, what it says is the profile's."""

import asyncio
from datetime import datetime

from device_profiles.gatt import Uuid
from device_profiles.reading import Indication
from device_profiles.talk import Said, SetClock, Write
from device_profiles.timeline import ClockCheck
from edge_agent.core.allow_list import Allowed
from edge_agent.core.plan import may_set_clock
from edge_agent.errors import DeviceLost, DeviceRefused
from edge_agent.logs import log
from edge_agent.ports import Link
from edge_agent.radio.home import Home
from edge_agent.radio.intake import Intake


class Conversation:
    """One session's. `hear` and `answered` run inside the radio's callback and never raise."""

    def __init__(self, link: Link, allowed: Allowed, name: str, home: Home, intake: Intake) -> None:
        self._link, self._device, self._intake = link, allowed.device.id, intake
        self._name, self._home, self._profile = name, home, allowed.profile
        self.check: ClockCheck | None = None
        """What the device answered about its clock, and whether it was set then."""
        self._talk = allowed.profile.talk(allowed.owner)
        self._sieve = allowed.profile.sieve()
        self._writes: asyncio.Queue[Said] = asyncio.Queue()
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
        indication = Indication(uuid=uuid, octets=octets)
        try:
            self._look_at_clock(indication)
            writes = self._talk.heard(indication)
        except Exception as error:  # noqa: BLE001 - a bug here must not cost the session
            log.error("talk_failed", device=str(self._device), error=type(error).__name__)
            return
        for write in writes:
            self._writes.put_nowait(write)

    def _look_at_clock(self, indication: Indication) -> None:
        """Take the time that the device answers; what it tells from now on is read with it."""
        told = self._profile.clock_told(indication) if self._profile.clock_told else None
        if told is not None:
            self.check = ClockCheck(hub_time=self._home.clock.now(), device_time=told)
            self._intake.clock_read(self.check)

    def _keeps(self, indication: Indication) -> bool:
        try:
            return self._sieve.keeps(indication)
        except Exception as error:  # noqa: BLE001 - when in doubt, keep
            log.error("sieve_failed", device=str(self._device), error=type(error).__name__)
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

    async def _say(self, said: Said) -> None:
        await asyncio.sleep(said.after_s)
        write = self._at_this_time(said) if isinstance(said, SetClock) else said
        if write is None or not self._link.has(write.uuid):
            return
        now = self._home.clock.now()
        try:
            await self._link.write(write.uuid, write.octets)
        except DeviceRefused as error:
            log.warning("write_refused", device=str(self._device), error=error.detail)
            return
        if write is not said:
            self._clock_set(now)

    def _at_this_time(self, said: SetClock) -> Write | None:
        """Return what sets the clock, where this hub knows the time."""
        clock, zone = self._home.clock, self._home.zone
        if not may_set_clock(self._name, clock_trusted=clock.trusted()):
            return None
        return Write(said.uuid, said.octets(clock.now().astimezone(zone)))

    def _clock_set(self, at: datetime) -> None:
        self._intake.clock_set(at)
        if self.check is not None:
            self.check = self.check.model_copy(update={"set_at": at})
