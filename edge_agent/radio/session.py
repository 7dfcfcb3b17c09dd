"""One connection to one device, in the order that loses nothing.

Subscribe before anything else: BlueZ confirms an indication even when nobody listens, and the
device deletes what was confirmed.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from device_profiles.codecs import battery
from device_profiles.errors import DecodeError
from device_profiles.gatt import BATTERY_LEVEL
from device_profiles.problems import DeviceProblem
from device_profiles.timeline import ClockCheck
from edge_agent.core.allow_list import Allowed
from edge_agent.core.model import Model, contradicts
from edge_agent.core.plan import may_set_clock
from edge_agent.core.problems import clock_problem
from edge_agent.errors import DeviceLost, DeviceRefused
from edge_agent.logs import log
from edge_agent.ports import Link
from edge_agent.radio.conversation import Conversation
from edge_agent.radio.device_clock import error_s, read_clock, set_clock
from edge_agent.radio.home import Home
from edge_agent.radio.intake import Intake
from edge_agent.radio.model import read_model
from edge_agent.radio.records import Records
from edge_agent.radio.session_start import Begun, read_start


@dataclass
class Outcome:
    """What a session came to."""

    brought: int = 0
    asked: bool = False
    """Whether the device was asked for all that it has, before it hung up."""
    battery_percent: int | None = None
    clock_error_s: float | None = None
    problem: str | None = None


class Session:
    """Runs once, from the connection to the hang-up."""

    def __init__(self, link: Link, allowed: Allowed, name: str, home: Home) -> None:
        self._link, self._allowed, self._name, self._home = link, allowed, name, home
        self._profile = allowed.profile
        self._intake = Intake(allowed, home, link.drop)
        self._conversation = Conversation(link, allowed, name, home, self._intake)
        self._begun: Begun | None = None
        self.outcome = Outcome()

    async def run(self) -> None:
        """Take all that the device has. A hang-up on the way loses nothing that came."""
        try:
            await self._take_all()
        except DeviceLost:
            log.info("hung_up", device=str(self._allowed.device.id), records=self._intake.count)
        finally:
            self._intake.finish()
            self.outcome.brought = self._intake.count
            if self._conversation.sieved:  # never in silence: docs/adr/0013
                log.info(
                    "sieved", device=str(self._allowed.device.id), frames=self._conversation.sieved
                )

    async def _take_all(self) -> None:
        records = await self._subscribe()
        check = await self._check()
        try:
            await self._look()
        finally:  # whatever it answers: the look at the clock must not be lost
            self._intake.clock_read(check)
        set_at = await self._set_clock()
        self._intake.clock_set(set_at)
        self._tell_of_clock(check, was_set=set_at is not None)
        speaking = asyncio.create_task(self._conversation.run())
        try:
            if records is not None:
                await records.pull(self._begun.minutes if self._begun else None)
            self.outcome.battery_percent = await self._battery()
            self.outcome.asked = True
            await self._until_quiet()
        finally:
            speaking.cancel()
            if (asked := self._conversation.check) is not None:
                self._tell_of_clock(asked, was_set=asked.set_at is not None)

    def _tell_of_clock(self, check: ClockCheck | None, *, was_set: bool) -> None:
        self.outcome.clock_error_s = wrong_s = error_s(check, self._home)
        if self._home.clock.trusted() and self.outcome.problem is None:
            self.outcome.problem = clock_problem(check, wrong_s, was_set=was_set)

    async def _check(self) -> ClockCheck | None:
        """Look at the device's clock; of one that counts from a start, at both."""
        if self._profile.session is None:
            return await read_clock(self._link, self._profile, self._home)
        may_set = may_set_clock(self._name, clock_trusted=self._home.clock.trusted())
        self._begun = await read_start(self._link, self._profile, self._home, may_set=may_set)
        if self._begun is None:
            return None
        self._intake.read_with(self._begun.start)
        return self._begun.check

    async def _look(self) -> None:
        """See which model it is before anything is read; asked once, for a session is short."""
        device = self._allowed.device.id
        if device not in self._home.models:
            self._home.models[device] = Model()  # what never answers is not asked again
            told = self._home.models[device] = await read_model(self._link)
            own, models = self._profile.key, self._home.known_models
            if (reader := contradicts(own, models, self._link.services(), told)) is not None:
                self._home.readers[device] = reader
                log.warning("profile_wrong", device=str(device), model_profile=reader)
        if (reader := self._home.readers.get(device)) is not None:
            self._intake.distrust(reader)
            self.outcome.problem = DeviceProblem.PROFILE_WRONG

    async def _set_clock(self) -> datetime | None:
        if not may_set_clock(self._name, clock_trusted=self._home.clock.trusted()):
            return None
        return await set_clock(self._link, self._profile, self._home)

    async def _subscribe(self) -> Records | None:
        there = [uuid for uuid in self._profile.subscribe if self._link.has(uuid)]
        if not there:
            raise DeviceRefused("no_measurement")
        for uuid in there:
            await self._link.subscribe(uuid, partial(self._conversation.hear, uuid))
        for uuid in filter(self._link.has, self._profile.answers):
            await self._link.subscribe(uuid, partial(self._conversation.answered, uuid))
        point = self._profile.records
        if point is None or not self._link.has(point):
            return None
        records = Records(self._link, point, self._allowed.device.id, self._intake, self._home)
        await records.subscribe()
        return records

    async def _battery(self) -> int | None:
        if not self._link.has(BATTERY_LEVEL):
            return None
        try:
            return battery.decode(await self._link.read(BATTERY_LEVEL)).level
        except (DeviceRefused, DecodeError):
            return None

    async def _until_quiet(self) -> None:
        """Wait for the hang-up, or until the device has said nothing for a while."""
        while left := self._left():
            try:
                async with asyncio.timeout(left):
                    await self._link.hung_up()
            except TimeoutError:
                continue
            raise DeviceLost

    def _left(self) -> float:
        silent = self._home.clock.monotonic() - self._intake.last_at
        return max(0.0, self._home.quiet_s - silent)
