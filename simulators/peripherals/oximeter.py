"""A pulse oximeter: spot checks (2A5E) by indication, live values (2A5F) by notification, PLXS."""

import struct
from collections import deque
from datetime import datetime
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from device_profiles import gatt
from device_profiles.gatt import Uuid
from simulators.peripherals.gatt_table import Characteristic, Link, Service
from simulators.peripherals.keeper import Keeper
from simulators.peripherals.kind import Kind
from simulators.peripherals.octets import date_time, sfloat, uint24
from simulators.peripherals.peripheral import World
from simulators.peripherals.spec import DeviceSpec, Measurement, Medfloat, Word
from simulators.taken import Taken

FEATURE: Final = gatt.sig(0x2A60)
# Measurement status, device status, storage and time stamps; all bits of both status fields.
FEATURES: Final = bytes.fromhex("0f00 e0ff ffff00")


class Oxygen(Measurement):
    """One spot check (2A5E); `continuous` is a live value (2A5F), which no device keeps."""

    spo2: Medfloat
    pulse: Medfloat
    continuous: bool = False
    status: Word | None = None
    device_status: Annotated[int, Field(ge=0, le=0xFFFFFF)] | None = None


class OximeterSpec(DeviceSpec):
    """A pulse oximeter."""

    kind: Literal["oximeter"]
    measurements: tuple[Oxygen, ...] = ()


def spot_check(oxygen: Oxygen, stamp: datetime) -> bytes:
    """Return 2A5E: flags, SpO2, pulse, time, measurement status, device status."""
    flags = 0b1 | (oxygen.status is not None) << 1 | (oxygen.device_status is not None) << 2
    head = bytes([flags]) + sfloat(oxygen.spo2) + sfloat(oxygen.pulse)
    return head + date_time(stamp) + _status(oxygen)


def continuous(oxygen: Oxygen) -> bytes:
    """Return 2A5F: flags (other bits than 2A5E), SpO2, pulse, both status fields; no time."""
    flags = (oxygen.status is not None) << 2 | (oxygen.device_status is not None) << 3
    return bytes([flags]) + sfloat(oxygen.spo2) + sfloat(oxygen.pulse) + _status(oxygen)


def _status(oxygen: Oxygen) -> bytes:
    told = b"" if oxygen.status is None else struct.pack("<H", oxygen.status)
    return told if oxygen.device_status is None else told + uint24(oxygen.device_status)


class Oximeter(Keeper[Oxygen]):
    """Keeps spot checks. A live value that nobody receives is gone, and was never taken."""

    kind: ClassVar[str] = "oximeter"
    service: ClassVar[Uuid] = gatt.PULSE_OXIMETER_SERVICE
    measured: ClassVar[Uuid] = gatt.PLX_SPOT_CHECK
    model: ClassVar[str] = "Simulated Oximeter"

    def __init__(self, spec: OximeterSpec, world: World) -> None:
        super().__init__(spec, spec.measurements, world)
        self._live: deque[tuple[bytes, Taken]] = deque()

    def measurement_service(self) -> Service:
        """Return the Pulse Oximeter service."""
        spot = Characteristic(self.measured, ("indicate",), self.needs_bond)
        live = Characteristic(gatt.PLX_CONTINUOUS, ("notify",), self.needs_bond)
        return Service(self.service, (spot, live, Characteristic(FEATURE, ("read",))))

    def values(self) -> dict[Uuid, bytes]:
        """Return what can be read."""
        return {**super().values(), FEATURE: FEATURES}

    def octets(self, measurement: Oxygen, stamp: datetime) -> bytes:
        """Return a spot check or a live value."""
        return continuous(measurement) if measurement.continuous else spot_check(measurement, stamp)

    def take(self, measurement: Oxygen) -> None:
        """Measure once; a live value waits for a listener only while the device advertises."""
        if measurement.continuous:
            self._live.append(self.note(measurement, gatt.PLX_CONTINUOUS))
        else:
            super().take(measurement)

    def deliver_soon(self) -> None:
        """Tell live values first, then what is kept."""
        if gatt.PLX_CONTINUOUS in self._cccds and self._live:
            self._start(self._tell_live)
        super().deliver_soon()

    def window_over(self) -> None:
        """The finger was taken out."""
        self._live.clear()

    async def _tell_live(self, link: Link) -> None:
        while self._live and gatt.PLX_CONTINUOUS in self._cccds:
            self._stay()
            value, taken = self._live.popleft()
            await link.notify(gatt.PLX_CONTINUOUS, value)
            self._world.take_note(taken)


KIND: Final = Kind(OximeterSpec, Oximeter, profile="generic_oximeter")
