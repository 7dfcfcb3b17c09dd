"""A glucose meter: reports its records, each with the context that belongs to it, GLS 1.0."""

from typing import ClassVar, Final, Literal

from device_profiles import gatt
from device_profiles.gatt import Uuid
from simulators.peripherals import glucose_octets
from simulators.peripherals.gatt_table import Characteristic, Service
from simulators.peripherals.glucose_octets import Glucose
from simulators.peripherals.kind import Kind
from simulators.peripherals.peripheral import World
from simulators.peripherals.reporter import RACP, Record, Reporter
from simulators.peripherals.spec import DeviceSpec, Word
from simulators.taken import Taken

FEATURES: Final = bytes.fromhex("ff03")  # every status bit may be used


class GlucometerSpec(DeviceSpec):
    """A blood glucose meter; records are numbered from `first_sequence`."""

    kind: Literal["glucometer"]
    first_sequence: Word = 1
    measurements: tuple[Glucose, ...] = ()


class Glucometer(Reporter[Glucose]):
    """Numbers its records one after the other."""

    service: ClassVar[Uuid] = gatt.GLUCOSE_SERVICE
    model: ClassVar[str] = "Simulated Glucometer"
    # The context characteristic exists, so its CCCD is asked for as well.
    needed: ClassVar[frozenset[Uuid]] = frozenset(
        {gatt.GLUCOSE_MEASUREMENT, gatt.GLUCOSE_CONTEXT, RACP}
    )

    def __init__(self, spec: GlucometerSpec, world: World) -> None:
        super().__init__(spec, spec.measurements, world)
        self._next = spec.first_sequence

    def measurement_service(self) -> Service:
        """Return the Glucose service."""
        measured = Characteristic(gatt.GLUCOSE_MEASUREMENT, ("notify",), self.needs_bond)
        context = Characteristic(gatt.GLUCOSE_CONTEXT, ("notify",), self.needs_bond)
        control = Characteristic(RACP, ("write", "indicate"), self.needs_bond)
        feature = Characteristic(gatt.GLUCOSE_FEATURE, ("read",))
        return Service(self.service, (measured, context, feature, control))

    def values(self) -> dict[Uuid, bytes]:
        """Return what can be read."""
        return {**super().values(), gatt.GLUCOSE_FEATURE: FEATURES}

    def take(self, measurement: Glucose) -> None:
        """Measure once: the record goes into the memory."""
        stamp = self.clock.stamp(measurement.device_time)
        told = measurement.context
        octets = glucose_octets.measurement(measurement, self._next, stamp)
        context = None if told is None else glucose_octets.context(told, self._next)
        values = [(gatt.GLUCOSE_MEASUREMENT, octets)]
        if context is not None:
            values.append((gatt.GLUCOSE_CONTEXT, context))
        self.remember(Record(self._next, tuple(values)))
        self._next = (self._next + 1) & 0xFFFF
        self._world.take_note(
            Taken(
                self.address,
                "glucometer",
                gatt.GLUCOSE_MEASUREMENT,
                octets,
                stamp,
                measurement.device_time,
                context,
            )
        )


KIND: Final = Kind(GlucometerSpec, Glucometer, profile="generic_glucometer")
