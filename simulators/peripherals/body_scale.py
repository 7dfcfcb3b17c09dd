"""A body scale: a weight, then its Body Composition Measurement (2A9C), BCS 1.0."""

import struct
from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, model_validator

from device_profiles import gatt
from device_profiles.gatt import Uuid
from simulators.peripherals import scale
from simulators.peripherals.gatt_table import Characteristic, Service
from simulators.peripherals.keeper import Keeper, Values
from simulators.peripherals.kind import Kind
from simulators.peripherals.octets import date_time, steps
from simulators.peripherals.peripheral import World
from simulators.peripherals.scale import MASS_STEP, TENTH, Weight
from simulators.peripherals.spec import DeviceSpec

# Time stamp, several users, metabolism, muscle percentage, body water, impedance (bits 0 to 3, 7,
# 8); masses in steps of 0.005 kg or 0.01 lb (7 in bits 11 to 14).
FEATURES: Final = bytes.fromhex("8f390000")


class Body(Weight):
    """One step on the scale; without `fat` it is a weight alone, as in shoes."""

    fat: Decimal | None = None  # per cent
    metabolism: Annotated[int, Field(ge=0, le=0xFFFF)] | None = None  # kJ
    muscle: Decimal | None = None  # per cent
    water: Decimal | None = None  # a mass
    impedance: Decimal | None = None  # ohm

    @model_validator(mode="after")
    def _composition_can_be_told(self) -> Self:
        more = (self.metabolism, self.muscle, self.water, self.impedance)
        if self.fat is None and any(one is not None for one in more):
            raise ValueError("a body composition needs fat")
        if self.fat is not None:
            composition(self, self.fat, self.device_time)
        return self


class BodyScaleSpec(DeviceSpec):
    """A scale that measures the body too."""

    kind: Literal["body_scale"]
    measurements: tuple[Body, ...] = ()


def composition(body: Body, fat: Decimal, stamp: datetime) -> bytes:
    """Return 2A9C: flags, fat, time, user, metabolism, muscle, water, impedance; 20 octets."""
    fields: dict[int, bytes] = {1: date_time(stamp)}
    if body.user is not None:
        fields[2] = bytes([body.user])
    if body.metabolism is not None:
        fields[3] = struct.pack("<H", body.metabolism)
    if body.muscle is not None:
        fields[4] = steps(body.muscle, TENTH)
    if body.water is not None:
        fields[8] = steps(body.water, MASS_STEP[body.unit])
    if body.impedance is not None:
        fields[9] = steps(body.impedance, TENTH)
    flags = (body.unit == "lb") | sum(1 << bit for bit in fields)
    return struct.pack("<H", flags) + steps(fat, TENTH) + b"".join(fields.values())


class BodyScale(Keeper[Body]):
    """Indicates a weight and what belongs to it, one after the other."""

    kind: ClassVar[str] = "body_scale"
    service: ClassVar[Uuid] = gatt.BODY_COMPOSITION_SERVICE
    measured: ClassVar[Uuid] = gatt.WEIGHT_MEASUREMENT
    more: ClassVar[tuple[Uuid, ...]] = (gatt.BODY_COMPOSITION_MEASUREMENT,)
    model: ClassVar[str] = "Simulated Body Scale"

    def __init__(self, spec: BodyScaleSpec, world: World) -> None:
        super().__init__(spec, spec.measurements, world)

    def measurement_service(self) -> Service:
        """Return the Weight Scale service."""
        return scale.weight_service(encrypted=self.needs_bond)

    def further_services(self) -> tuple[Service, ...]:
        """Return the Body Composition service."""
        measured = Characteristic(gatt.BODY_COMPOSITION_MEASUREMENT, ("indicate",), self.needs_bond)
        feature = Characteristic(gatt.BODY_COMPOSITION_FEATURE, ("read",))
        return (Service(self.service, (measured, feature)),)

    def values(self) -> dict[Uuid, bytes]:
        """Return what can be read."""
        own = {
            gatt.WEIGHT_SCALE_FEATURE: scale.FEATURES,
            gatt.BODY_COMPOSITION_FEATURE: FEATURES,
        }
        return {**super().values(), **own}

    def octets(self, measurement: Body, stamp: datetime) -> bytes:
        """Return Weight Measurement."""
        return scale.octets(measurement, stamp)

    def further(self, measurement: Body, stamp: datetime) -> Values:
        """Return Body Composition Measurement, if it could be measured."""
        if measurement.fat is None:
            return ()
        told = composition(measurement, measurement.fat, stamp)
        return ((gatt.BODY_COMPOSITION_MEASUREMENT, told),)


KIND: Final = Kind(BodyScaleSpec, BodyScale, profile="generic_body_scale")
