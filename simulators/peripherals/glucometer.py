"""A glucose meter: keeps every record and reports them when the RACP (2A52) is written to."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from device_profiles import gatt
from device_profiles.gatt import Uuid
from simulators.peripherals import glucose_octets
from simulators.peripherals.gatt_table import (
    CCCD_IMPROPERLY_CONFIGURED,
    PROCEDURE_IN_PROGRESS,
    AttError,
    Characteristic,
    Link,
    Service,
)
from simulators.peripherals.glucose_octets import Glucose
from simulators.peripherals.kind import Kind
from simulators.peripherals.peripheral import Peripheral, World
from simulators.peripherals.racp import Code, Op, Operator, Refused, Request, number, response
from simulators.peripherals.spec import DeviceSpec, Word
from simulators.taken import Taken

FEATURE: Final = gatt.sig(0x2A51)
FEATURES: Final = bytes.fromhex("ff03")  # every status bit may be used
RACP: Final = gatt.RECORD_ACCESS_CONTROL_POINT
# The context characteristic exists, so its CCCD is asked for as well.
NEEDED: Final = frozenset({gatt.GLUCOSE_MEASUREMENT, gatt.GLUCOSE_CONTEXT, RACP})


class GlucometerSpec(DeviceSpec):
    """A blood glucose meter; records are numbered from `first_sequence`."""

    kind: Literal["glucometer"]
    first_sequence: Word = 1
    measurements: tuple[Glucose, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the meter's memory."""

    sequence: int
    measurement: bytes
    context: bytes | None


class Glucometer(Peripheral[Glucose]):
    """Its memory keeps all records; any finished report counts as delivery."""

    service: ClassVar[Uuid] = gatt.GLUCOSE_SERVICE
    model: ClassVar[str] = "Simulated Glucometer"

    def __init__(self, spec: GlucometerSpec, world: World) -> None:
        super().__init__(spec, spec.measurements, world)
        self._next = spec.first_sequence
        self._memory: list[Record] = []
        self._unreported = False
        self._procedure: asyncio.Task[None] | None = None
        self._answered = False  # its answer has been sent, the confirmation is on its way

    def measurement_service(self) -> Service:
        """Return the Glucose service."""
        measured = Characteristic(gatt.GLUCOSE_MEASUREMENT, ("notify",), self.needs_bond)
        context = Characteristic(gatt.GLUCOSE_CONTEXT, ("notify",), self.needs_bond)
        control = Characteristic(RACP, ("write", "indicate"), self.needs_bond)
        feature = Characteristic(FEATURE, ("read",))
        return Service(self.service, (measured, context, feature, control))

    def values(self) -> dict[Uuid, bytes]:
        """Return what can be read."""
        return {**super().values(), FEATURE: FEATURES}

    def take(self, measurement: Glucose) -> None:
        """Measure once: the record goes into the memory."""
        stamp = self.clock.stamp(measurement.device_time)
        told = measurement.context
        record = Record(
            self._next,
            glucose_octets.measurement(measurement, self._next, stamp),
            None if told is None else glucose_octets.context(told, self._next),
        )
        self._next = (self._next + 1) & 0xFFFF
        self._memory.append(record)
        self._unreported = True
        self._world.take_note(
            Taken(
                self.address,
                "glucometer",
                gatt.GLUCOSE_MEASUREMENT,
                record.measurement,
                stamp,
                measurement.device_time,
                record.context,
            )
        )

    def waiting(self) -> bool:
        """Tell whether records came since the last report."""
        return self._unreported

    def lost_link(self) -> None:
        """A report that is cut short ends."""
        if self._procedure is not None:
            self._procedure.cancel()

    async def write(self, uuid: Uuid, octets: bytes) -> None:
        """Start a procedure, or set the clock."""
        if uuid != RACP:
            await super().write(uuid, octets)
            return
        if not self._cccds >= NEEDED:
            raise AttError(CCCD_IMPROPERLY_CONFIGURED)
        request = Request.parse(octets)
        if self._answered and self._procedure is not None:
            await asyncio.wait({self._procedure})  # the confirmation came before this request
        if self._procedure is not None and not self._procedure.done():
            if request.op != Op.ABORT:
                raise AttError(PROCEDURE_IN_PROGRESS)
            self._procedure.cancel()
        self._stay()
        self._answered = False
        self._procedure = self._start(lambda link: self._run(request, link))

    async def _run(self, request: Request, link: Link) -> None:
        try:
            answer = await self._answer(request, link)
        except Refused as refused:
            answer = response(request, refused.code)
        self._answered = True
        await link.indicate(RACP, answer)
        if request.op == Op.REPORT:
            self._unreported = False
            self._delivered()

    async def _answer(self, request: Request, link: Link) -> bytes:
        match request.op:
            case Op.REPORT:
                return await self._report(request, link)
            case Op.NUMBER_OF:
                return number(len(request.select(self._memory)))
            case Op.ABORT if request.operator != Operator.NULL:
                raise Refused(Code.INVALID_OPERATOR)
            case Op.ABORT:
                return response(request, Code.SUCCESS)
            case _:
                raise Refused(Code.OP_UNSUPPORTED)

    async def _report(self, request: Request, link: Link) -> bytes:
        chosen = request.select(self._memory)
        for record in chosen:
            self._stay()
            await link.notify(gatt.GLUCOSE_MEASUREMENT, record.measurement)
            if record.context is not None:
                await link.notify(gatt.GLUCOSE_CONTEXT, record.context)
            self._count_record()
            await asyncio.sleep(self.behaviour.gap_s)
        return response(request, Code.SUCCESS if chosen else Code.NO_RECORDS)


KIND: Final = Kind(GlucometerSpec, Glucometer, profile="generic_glucometer")
