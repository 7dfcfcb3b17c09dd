"""A device that keeps what it could not deliver and indicates it as soon as its CCCD is on."""

import asyncio
from abc import abstractmethod
from collections import deque
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, TypeAlias

from device_profiles.gatt import Uuid
from simulators.peripherals.gatt_table import Link
from simulators.peripherals.peripheral import M, Peripheral, World
from simulators.peripherals.spec import DeviceSpec
from simulators.taken import Taken

Values: TypeAlias = tuple[tuple[Uuid, bytes], ...]  # what one measurement indicates, in order


class Keeper(Peripheral[M]):
    """Cuffs, oximeters, scales. What was confirmed is forgotten: a real one may delete it too."""

    kind: ClassVar[str]
    measured: ClassVar[Uuid]
    more: ClassVar[tuple[Uuid, ...]] = ()  # what else has to be listened to before it speaks

    def __init__(self, spec: DeviceSpec, measurements: tuple[M, ...], world: World) -> None:
        super().__init__(spec, measurements, world)
        self._undelivered: deque[Values] = deque()
        self._told: list[Values] = []
        self._delivering = False
        self.heard: list[bytes] = []  # what was confirmed while somebody listened
        self._unasked: asyncio.TimerHandle | None = None
        self._speaking = False

    @abstractmethod
    def octets(self, measurement: M, stamp: datetime) -> bytes:
        """Return the value of the indicated characteristic."""

    def further(self, measurement: M, stamp: datetime) -> Values:  # noqa: ARG002
        """Return what else it indicates of a measurement."""
        return ()

    def take(self, measurement: M) -> None:
        """Measure once."""
        value, taken = self.note(measurement, self.measured)
        further = self.further(measurement, taken.device_time)
        self._undelivered.append(((self.measured, value), *further))
        self._world.take_note(replace(taken, context=further[0][1]) if further else taken)

    def note(self, measurement: M, uuid: Uuid) -> tuple[bytes, Taken]:
        """Return a measurement's octets and its line for taken.jsonl."""
        stamp = self.clock.stamp(measurement.device_time)
        value = self.octets(measurement, stamp)
        home_time = measurement.device_time
        return value, Taken(self.address, self.kind, uuid, value, stamp, home_time)

    def waiting(self) -> bool:
        """Tell whether something is kept."""
        return bool(self._undelivered)

    def link_up(self, link: Link) -> None:
        """Indicate soon without being asked, if it is such a device."""
        super().link_up(link)
        if self.behaviour.resend:
            self._undelivered.extendleft(reversed(self._told))
            self._told.clear()
        if self.behaviour.early_indication is not None:
            loop = asyncio.get_running_loop()
            self._unasked = loop.call_later(self.behaviour.early_indication, self._speak)

    def lost_link(self) -> None:
        """It has to be asked again."""
        self._speaking = False
        if self._unasked is not None:
            self._unasked.cancel()

    def deliver_soon(self) -> None:
        """Start to indicate what is kept, if the central listens."""
        if self._may_speak() and not self._delivering:
            self._start(self._deliver)

    def _may_speak(self) -> bool:
        early = self.behaviour.early_indication is not None
        return self._speaking if early else self._cccds >= {self.measured, *self.more}

    def _speak(self) -> None:
        """A bonded device remembers that it was listened to, and does not look again."""
        self._speaking = True
        self.deliver_soon()

    async def _deliver(self, link: Link) -> None:
        self._delivering = True
        try:
            while self._undelivered and self._may_speak():
                self._stay()
                for uuid, octets in self._undelivered[0]:
                    if await link.indicate(uuid, octets):
                        self.heard.append(octets)
                self._told.append(self._undelivered.popleft())
                self._count_record()
                self._delivered()
        finally:
            self._delivering = False
