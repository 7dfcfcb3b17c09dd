"""A device that keeps its records and reports them when its RACP (2A52) is written to."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar, Final

from device_profiles import gatt
from device_profiles.gatt import Uuid
from simulators.peripherals.gatt_table import (
    CCCD_IMPROPERLY_CONFIGURED,
    PROCEDURE_IN_PROGRESS,
    AttError,
    Link,
)
from simulators.peripherals.peripheral import M, Peripheral, World
from simulators.peripherals.racp import Code, Op, Operator, Refused, Request, number, response
from simulators.peripherals.spec import DeviceSpec

RACP: Final = gatt.RECORD_ACCESS_CONTROL_POINT


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the memory: its number, and what is notified of it, in order."""

    sequence: int
    values: tuple[tuple[Uuid, bytes], ...]


class Reporter(Peripheral[M]):
    """Meters and sensors. All records are kept; any finished report counts as delivery."""

    needed: ClassVar[frozenset[Uuid]]  # the CCCDs that must be on before a report

    def __init__(self, spec: DeviceSpec, measurements: tuple[M, ...], world: World) -> None:
        super().__init__(spec, measurements, world)
        self._memory: list[Record] = []
        self._unreported = False
        self._procedure: asyncio.Task[None] | None = None
        self._answered = False  # its answer has been sent, the confirmation is on its way

    def remember(self, record: Record) -> None:
        """Put a record into the memory."""
        self._memory.append(record)
        self._unreported = True

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
        if not self._cccds >= self.needed:
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
        known = len(self._memory)
        try:
            answer = await self._answer(request, link)
        except Refused as refused:
            answer = response(request, refused.code)
        self._answered = True
        await link.indicate(RACP, answer)
        if request.op == Op.REPORT:
            self._unreported = len(self._memory) > known  # what came meanwhile was not chosen
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
            for uuid, octets in record.values:
                await link.notify(uuid, octets)
            self._count_record()
            await asyncio.sleep(self.behaviour.gap_s)
        return response(request, Code.SUCCESS if chosen else Code.NO_RECORDS)
