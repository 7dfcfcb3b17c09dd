"""A blood pressure monitor: Blood Pressure Measurement (2A35) by indication, BLS 1.1.1."""

import struct
from datetime import datetime
from typing import ClassVar, Final, Literal

from device_profiles import gatt
from device_profiles.gatt import Uuid
from simulators.peripherals.gatt_table import Characteristic, Service
from simulators.peripherals.keeper import Keeper
from simulators.peripherals.kind import Kind
from simulators.peripherals.octets import NAN, date_time, sfloat
from simulators.peripherals.peripheral import World
from simulators.peripherals.spec import DeviceSpec, Measurement, Medfloat, Octet, Word

FEATURE: Final = gatt.sig(0x2A49)
# Movement, cuff fit, irregular pulse, pulse range and position are supported.
FEATURES: Final = bytes.fromhex("1f00")


class Pressure(Measurement):
    """One blood pressure; `map` is the mean arterial pressure."""

    systolic: Medfloat
    diastolic: Medfloat
    map: Medfloat | None = None
    unit: Literal["mmHg", "kPa"] = "mmHg"
    pulse: Medfloat | None = None
    user: Octet | None = None
    status: Word | None = None


class CuffSpec(DeviceSpec):
    """A blood pressure monitor."""

    kind: Literal["cuff"]
    measurements: tuple[Pressure, ...] = ()


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


class Cuff(Keeper[Pressure]):
    """Indicates each blood pressure once."""

    kind: ClassVar[str] = "cuff"
    service: ClassVar[Uuid] = gatt.BLOOD_PRESSURE_SERVICE
    measured: ClassVar[Uuid] = gatt.BLOOD_PRESSURE_MEASUREMENT
    model: ClassVar[str] = "Simulated Cuff"

    def __init__(self, spec: CuffSpec, world: World) -> None:
        super().__init__(spec, spec.measurements, world)

    def measurement_service(self) -> Service:
        """Return the Blood Pressure service."""
        measured = Characteristic(self.measured, ("indicate",), self.needs_bond)
        return Service(self.service, (measured, Characteristic(FEATURE, ("read",))))

    def values(self) -> dict[Uuid, bytes]:
        """Return what can be read."""
        return {**super().values(), FEATURE: FEATURES}

    def octets(self, measurement: Pressure, stamp: datetime) -> bytes:
        """Return Blood Pressure Measurement."""
        return octets(measurement, stamp)


KIND: Final = Kind(CuffSpec, Cuff, profile="generic_cuff")
