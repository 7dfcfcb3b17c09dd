"""A blood pressure monitor: Blood Pressure Measurement (2A35) by indication, BLS 1.1.1."""

import struct
from collections import deque
from datetime import datetime
from typing import ClassVar

from device_profiles import gatt
from device_profiles.gatt import Uuid
from simulators.home_file import CuffSpec, Pressure
from simulators.peripherals.gatt_table import Characteristic, Link, Service
from simulators.peripherals.octets import NAN, date_time, sfloat
from simulators.peripherals.peripheral import Peripheral, World
from simulators.taken import Taken


def octets(pressure: Pressure, stamp: datetime) -> bytes:
    """Return the characteristic's value: flags, three pressures, time, pulse, user, status."""
    flags = 0b10 | (pressure.unit == "kPa")
    tail = date_time(stamp)
    if pressure.pulse is not None:
        flags |= 0b100
        tail += sfloat(pressure.pulse)
    if pressure.user is not None:
        flags |= 0b1000
        tail += bytes([pressure.user])
    if pressure.status is not None:
        flags |= 0b1_0000
        tail += struct.pack("<H", pressure.status)
    mean = NAN if pressure.map is None else sfloat(pressure.map)
    return bytes([flags]) + sfloat(pressure.systolic) + sfloat(pressure.diastolic) + mean + tail


class Cuff(Peripheral[Pressure]):
    """Keeps what it could not deliver, indicates it as soon as its CCCD is on."""

    service: ClassVar[Uuid] = gatt.BLOOD_PRESSURE_SERVICE
    model: ClassVar[str] = "Simulated Cuff"

    def __init__(self, spec: CuffSpec, world: World) -> None:
        super().__init__(spec, spec.measurements, world)
        self._undelivered: deque[bytes] = deque()
        self._delivering = False

    def measurement_service(self) -> Service:
        """Return the Blood Pressure service."""
        measured = Characteristic(gatt.BLOOD_PRESSURE_MEASUREMENT, ("indicate",), self.needs_bond)
        return Service(self.service, (measured,))

    def take(self, measurement: Pressure) -> None:
        """Measure once."""
        stamp = self.clock.stamp(measurement.device_time)
        value = octets(measurement, stamp)
        self._undelivered.append(value)
        uuid, home_time = gatt.BLOOD_PRESSURE_MEASUREMENT, measurement.device_time
        self._world.take_note(Taken(self.address, "cuff", uuid, value, stamp, home_time))

    def waiting(self) -> bool:
        """Tell whether something is kept."""
        return bool(self._undelivered)

    def deliver_soon(self) -> None:
        """Start to indicate what is kept, if the central listens."""
        if gatt.BLOOD_PRESSURE_MEASUREMENT in self._cccds and not self._delivering:
            self._start(self._deliver)

    async def _deliver(self, link: Link) -> None:
        self._delivering = True
        try:
            while self._undelivered and gatt.BLOOD_PRESSURE_MEASUREMENT in self._cccds:
                self._stay()
                await link.indicate(gatt.BLOOD_PRESSURE_MEASUREMENT, self._undelivered[0])
                self._undelivered.popleft()
                self._delivered()
        finally:
            self._delivering = False
