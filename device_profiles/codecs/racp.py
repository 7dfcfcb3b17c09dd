"""Record Access Control Point (2A52): asks a device for its stored records.

Source: Glucose Service 1.0.1, 3.4; GATT Specification Supplement. "No records found" is a success.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from device_profiles.codecs.octets import Octets
from device_profiles.errors import DecodeError
from device_profiles.gatt import RECORD_ACCESS_CONTROL_POINT

MAX_SEQUENCE: Final = 0xFFFF
_FILTER_SEQUENCE: Final = 1
# The Glucose Service answers with 2 octets; other services and real devices with 1 or 4.
_COUNT_LENGTHS: Final = (1, 2, 4)


class Op(IntEnum):
    """What is asked, or answered."""

    REPORT = 1
    DELETE = 2
    ABORT = 3
    COUNT = 4
    COUNT_RESPONSE = 5
    RESPONSE = 6


class Operator(IntEnum):
    """Which records are meant."""

    NULL = 0
    ALL = 1
    AT_MOST = 2
    AT_LEAST = 3
    RANGE = 4
    FIRST = 5
    LAST = 6


class Answer(IntEnum):
    """How a request ended."""

    SUCCESS = 1
    OP_UNSUPPORTED = 2
    INVALID_OPERATOR = 3
    OPERATOR_UNSUPPORTED = 4
    INVALID_OPERAND = 5
    NO_RECORDS = 6
    ABORT_FAILED = 7
    NOT_COMPLETED = 8
    OPERAND_UNSUPPORTED = 9
    BUSY = 10


@dataclass(frozen=True, slots=True)
class Message:
    """One message, either way. `count` with op 5; `request` and `answer` with op 6."""

    op: int
    operator: int
    operand: bytes
    count: int | None = None
    request: int | None = None
    answer: int | None = None

    @property
    def succeeded(self) -> bool:
        """Say whether a request is over and nothing went wrong."""
        return self.answer in (Answer.SUCCESS, Answer.NO_RECORDS)


def decode(octets: bytes) -> Message:
    """Read a message."""
    rest = Octets(octets)
    op, operator = rest.unsigned(1, "the op code"), rest.unsigned(1, "the operator")
    operand = rest.rest()
    if op == Op.COUNT_RESPONSE:
        if len(operand) not in _COUNT_LENGTHS:
            raise DecodeError(f"a number of records has not {len(operand)} octets")
        return Message(op, operator, operand, count=int.from_bytes(operand, "little"))
    if op == Op.RESPONSE:
        if len(operand) != 2:
            raise DecodeError(f"a response code has an operand of 2 octets, not {len(operand)}")
        return Message(op, operator, operand, request=operand[0], answer=operand[1])
    return Message(op, operator, operand)


def report_all() -> bytes:
    """Ask for every stored record."""
    return bytes((Op.REPORT, Operator.ALL))


def report_from(sequence: int) -> bytes:
    """Ask for the records from this sequence number on, itself included."""
    if not 0 <= sequence <= MAX_SEQUENCE:
        raise ValueError(f"a sequence number lies between 0 and {MAX_SEQUENCE}")
    return struct.pack("<BBBH", Op.REPORT, Operator.AT_LEAST, _FILTER_SEQUENCE, sequence)


def count_all() -> bytes:
    """Ask how many records are stored."""
    return bytes((Op.COUNT, Operator.ALL))


def abort() -> bytes:
    """End the request that runs."""
    return bytes((Op.ABORT, Operator.NULL))


DECODES: Final = {RECORD_ACCESS_CONTROL_POINT: decode}
