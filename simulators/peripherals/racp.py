"""Record Access Control Point (2A52), GLS 1.0 section 3.4 and CGMS 1.0 3.6: what is asked."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol, TypeVar

from simulators.peripherals.gatt_table import INVALID_LENGTH, AttError

SEQUENCE_NUMBER: Final = 1  # the only filter here; of a continuous sensor, the time offset


class Op(IntEnum):
    """Op codes."""

    REPORT = 1
    DELETE = 2
    ABORT = 3
    NUMBER_OF = 4
    NUMBER = 5
    RESPONSE = 6


class Operator(IntEnum):
    """Operators."""

    NULL = 0
    ALL = 1
    AT_MOST = 2
    AT_LEAST = 3
    RANGE = 4
    FIRST = 5
    LAST = 6


class Code(IntEnum):
    """Response codes."""

    SUCCESS = 1
    OP_UNSUPPORTED = 2
    INVALID_OPERATOR = 3
    OPERATOR_UNSUPPORTED = 4
    INVALID_OPERAND = 5
    NO_RECORDS = 6
    OPERAND_UNSUPPORTED = 9


class Numbered(Protocol):
    """Something with a sequence number."""

    @property
    def sequence(self) -> int:
        """Return the number."""


R = TypeVar("R", bound=Numbered)


class Refused(Exception):
    """The request is answered with this code."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.name)
        self.code = code


@dataclass(frozen=True, slots=True)
class Request:
    """One written request."""

    op: int
    operator: int
    operand: bytes

    @classmethod
    def parse(cls, octets: bytes) -> "Request":
        """Take the octets apart; what they mean is decided later."""
        if len(octets) < 2:
            raise AttError(INVALID_LENGTH)
        return cls(octets[0], octets[1], octets[2:])

    def select(self, records: Sequence[R]) -> list[R]:
        """Return the records that are asked for, or raise Refused."""
        if self.operator == Operator.AT_LEAST:
            least = self._least()
            return [record for record in records if record.sequence >= least]
        if self.operator not in (Operator.ALL, Operator.FIRST, Operator.LAST):
            known = self.operator in (Operator.AT_MOST, Operator.RANGE)
            raise Refused(Code.OPERATOR_UNSUPPORTED if known else Code.INVALID_OPERATOR)
        if self.operand:
            raise Refused(Code.INVALID_OPERAND)
        chosen = {Operator.FIRST: records[:1], Operator.LAST: records[-1:]}
        return list(chosen.get(Operator(self.operator), records))

    def _least(self) -> int:
        if len(self.operand) != 3:
            raise Refused(Code.INVALID_OPERAND)
        kind, least = struct.unpack("<BH", self.operand)
        if kind != SEQUENCE_NUMBER:
            raise Refused(Code.OPERAND_UNSUPPORTED)
        return int(least)


def response(request: Request, code: Code) -> bytes:
    """Return Response Code: `06 00 <request op> <code>`."""
    return bytes([Op.RESPONSE, Operator.NULL, request.op, code])


def number(count: int) -> bytes:
    """Return Number of Stored Records Response: `05 00 <u16>`."""
    return bytes([Op.NUMBER, Operator.NULL]) + struct.pack("<H", count)
