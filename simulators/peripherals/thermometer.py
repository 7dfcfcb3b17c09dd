"""A clinical thermometer: Temperature Measurement (2A1C) by indication, HTS 1.0."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, Field

from device_profiles import gatt
from device_profiles.gatt import Uuid
from simulators.peripherals.gatt_table import Characteristic, Service
from simulators.peripherals.keeper import Keeper
from simulators.peripherals.kind import Kind
from simulators.peripherals.octets import date_time, float32
from simulators.peripherals.peripheral import World
from simulators.peripherals.spec import DeviceSpec, Measurement


def _representable(number: Decimal) -> Decimal:
    float32(number)
    return number


class Temperature(Measurement):
    """One temperature; `site` is where it was taken: 3 ear, 6 mouth, ... (2A1D)."""

    temperature: Annotated[Decimal, AfterValidator(_representable)]
    unit: Literal["C", "F"] = "C"
    site: Annotated[int, Field(ge=1, le=9)] | None = None


class ThermometerSpec(DeviceSpec):
    """A thermometer; `time_stamp` is false for one without a clock of its own."""

    kind: Literal["thermometer"]
    time_stamp: bool = True
    measurements: tuple[Temperature, ...] = ()


def octets(measured: Temperature, stamp: datetime | None) -> bytes:
    """Return 2A1C: flags, temperature, time, type."""
    flags = (measured.unit == "F") | (stamp is not None) << 1 | (measured.site is not None) << 2
    time = b"" if stamp is None else date_time(stamp)
    site = b"" if measured.site is None else bytes([measured.site])
    return bytes([flags]) + float32(measured.temperature) + time + site


class Thermometer(Keeper[Temperature]):
    """Indicates each temperature once."""

    kind: ClassVar[str] = "thermometer"
    service: ClassVar[Uuid] = gatt.HEALTH_THERMOMETER_SERVICE
    measured: ClassVar[Uuid] = gatt.TEMPERATURE_MEASUREMENT
    model: ClassVar[str] = "Simulated Thermometer"

    def __init__(self, spec: ThermometerSpec, world: World) -> None:
        super().__init__(spec, spec.measurements, world)
        self._stamps = spec.time_stamp

    def measurement_service(self) -> Service:
        """Return the Health Thermometer service."""
        measured = Characteristic(self.measured, ("indicate",), self.needs_bond)
        return Service(self.service, (measured,))

    def octets(self, measurement: Temperature, stamp: datetime) -> bytes:
        """Return Temperature Measurement."""
        return octets(measurement, stamp if self._stamps else None)


KIND: Final = Kind(ThermometerSpec, Thermometer, profile="generic_thermometer")
