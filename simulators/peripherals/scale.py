"""A weight scale: Weight Measurement (2A9D) by indication, WSS 1.0; stored ones in a burst."""

import struct
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Final, Literal, Self

from pydantic import model_validator

from device_profiles import gatt
from device_profiles.gatt import Uuid
from simulators.peripherals.gatt_table import Characteristic, Service
from simulators.peripherals.keeper import Keeper
from simulators.peripherals.kind import Kind
from simulators.peripherals.octets import UNSUCCESSFUL, date_time, steps
from simulators.peripherals.peripheral import World
from simulators.peripherals.spec import DeviceSpec, Measurement, Octet

# Time stamp, several users and BMI (bits 0 to 2); weight in steps of 0.005 kg or 0.01 lb (7 in
# bits 3 to 6); height in steps of 0.001 m or 0.1 inch (3 in bits 7 to 9).
FEATURES: Final = bytes.fromhex("bf010000")
MASS_STEP: Final = {"kg": Decimal("0.005"), "lb": Decimal("0.01")}
HEIGHT_STEP: Final = {"kg": Decimal("0.001"), "lb": Decimal("0.1")}
TENTH: Final = Decimal("0.1")


class Weight(Measurement):
    """One step on the scale; height is in m, or in inches where the unit is lb."""

    weight: Literal["unsuccessful"] | Decimal
    unit: Literal["kg", "lb"] = "kg"
    user: Octet | None = None  # 255 is somebody whom the scale does not know
    bmi: Decimal | None = None
    height: Decimal | None = None

    @model_validator(mode="after")
    def _can_be_told(self) -> Self:
        if (self.bmi is None) != (self.height is None):
            raise ValueError("bmi and height belong together")
        octets(self, self.device_time)
        return self


class ScaleSpec(DeviceSpec):
    """A weight scale."""

    kind: Literal["scale"]
    measurements: tuple[Weight, ...] = ()


def octets(weight: Weight, stamp: datetime) -> bytes:
    """Return 2A9D: flags, weight, time, user, BMI and height."""
    flags = 0b10 | (weight.unit == "lb")
    tail = date_time(stamp)
    if weight.user is not None:
        flags |= 0b100
        tail += bytes([weight.user])
    if weight.bmi is not None and weight.height is not None:
        flags |= 0b1000
        tail += steps(weight.bmi, TENTH) + steps(weight.height, HEIGHT_STEP[weight.unit])
    return bytes([flags]) + _mass(weight) + tail


def _mass(weight: Weight) -> bytes:
    if isinstance(weight.weight, Decimal):
        return steps(weight.weight, MASS_STEP[weight.unit])
    return struct.pack("<H", UNSUCCESSFUL)


def weight_service(*, encrypted: bool) -> Service:
    """Return the Weight Scale service."""
    measured = Characteristic(gatt.WEIGHT_MEASUREMENT, ("indicate",), encrypted)
    feature = Characteristic(gatt.WEIGHT_SCALE_FEATURE, ("read",))
    return Service(gatt.WEIGHT_SCALE_SERVICE, (measured, feature))


class Scale(Keeper[Weight]):
    """Indicates each weight once."""

    kind: ClassVar[str] = "scale"
    service: ClassVar[Uuid] = gatt.WEIGHT_SCALE_SERVICE
    measured: ClassVar[Uuid] = gatt.WEIGHT_MEASUREMENT
    model: ClassVar[str] = "Simulated Scale"

    def __init__(self, spec: ScaleSpec, world: World) -> None:
        super().__init__(spec, spec.measurements, world)

    def measurement_service(self) -> Service:
        """Return the Weight Scale service."""
        return weight_service(encrypted=self.needs_bond)

    def values(self) -> dict[Uuid, bytes]:
        """Return what can be read."""
        return {**super().values(), gatt.WEIGHT_SCALE_FEATURE: FEATURES}

    def octets(self, measurement: Weight, stamp: datetime) -> bytes:
        """Return Weight Measurement."""
        return octets(measurement, stamp)


KIND: Final = Kind(ScaleSpec, Scale, profile="generic_scale")
