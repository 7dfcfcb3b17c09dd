"""A device that keeps what it could not deliver and indicates it as soon as its CCCD is on."""

from abc import abstractmethod
from collections import deque
from datetime import datetime
from typing import ClassVar

from device_profiles.gatt import Uuid
from simulators.home_file import DeviceSpec
from simulators.peripherals.gatt_table import Link
from simulators.peripherals.peripheral import M, Peripheral, World
from simulators.taken import Taken


class Keeper(Peripheral[M]):
    """Cuffs and oximeters. What was confirmed is forgotten: a real one may delete it too."""

    kind: ClassVar[str]
    measured: ClassVar[Uuid]

    def __init__(self, spec: DeviceSpec, measurements: tuple[M, ...], world: World) -> None:
        super().__init__(spec, measurements, world)
        self._undelivered: deque[bytes] = deque()
        self._delivering = False

    @abstractmethod
    def octets(self, measurement: M, stamp: datetime) -> bytes:
        """Return the value of the indicated characteristic."""

    def take(self, measurement: M) -> None:
        """Measure once."""
        value, taken = self.note(measurement, self.measured)
        self._undelivered.append(value)
        self._world.take_note(taken)

    def note(self, measurement: M, uuid: Uuid) -> tuple[bytes, Taken]:
        """Return a measurement's octets and its line for taken.jsonl."""
        stamp = self.clock.stamp(measurement.device_time)
        value = self.octets(measurement, stamp)
        home_time = measurement.device_time
        return value, Taken(self.address, self.kind, uuid, value, stamp, home_time)

    def waiting(self) -> bool:
        """Tell whether something is kept."""
        return bool(self._undelivered)

    def deliver_soon(self) -> None:
        """Start to indicate what is kept, if the central listens."""
        if self.measured in self._cccds and not self._delivering:
            self._start(self._deliver)

    async def _deliver(self, link: Link) -> None:
        self._delivering = True
        try:
            while self._undelivered and self.measured in self._cccds:
                self._stay()
                await link.indicate(self.measured, self._undelivered[0])
                self._undelivered.popleft()
                self._delivered()
        finally:
            self._delivering = False
