"""User Control Point (2A9F): asks a device with several users to open one user's data.

Source: User Data Service 1.1, 3.3. A scale with users sends a user's measurements only after
consent: the user's index and the code that was agreed on, 0 to 9999.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from device_profiles.codecs.octets import Octets
from device_profiles.gatt import USER_CONTROL_POINT

MAX_CONSENT: Final = 9999
MAX_INDEX: Final = 0xFE  # 0xFF is an unknown user


class UserOp(IntEnum):
    """What is asked, or answered."""

    REGISTER = 0x01
    CONSENT = 0x02
    DELETE_DATA = 0x03
    LIST_USERS = 0x04
    DELETE_USERS = 0x05
    RESPONSE = 0x20


class UserAnswer(IntEnum):
    """How a request ended."""

    SUCCESS = 1
    OP_UNSUPPORTED = 2
    INVALID_PARAMETER = 3
    FAILED = 4
    NOT_AUTHORISED = 5


@dataclass(frozen=True, slots=True)
class UserMessage:
    """One message, either way. `request`, `answer` and `user_index` with a response."""

    op: int
    operand: bytes
    request: int | None = None
    answer: int | None = None
    user_index: int | None = None
    """The index that a registration was given."""


def decode(octets: bytes) -> UserMessage:
    """Read a message."""
    rest = Octets(octets)
    op = rest.unsigned(1, "the op code")
    if op != UserOp.RESPONSE:
        return UserMessage(op, rest.rest())
    request, answer = rest.unsigned(1, "the request"), rest.unsigned(1, "the answer")
    operand = rest.rest()
    registered = (request, answer) == (UserOp.REGISTER, UserAnswer.SUCCESS)
    index = Octets(operand).unsigned(1, "the user index") if registered else None
    return UserMessage(op, operand, request, answer, index)


def register(consent: int) -> bytes:
    """Ask for a new user whose data open with this code."""
    return struct.pack("<BH", UserOp.REGISTER, _code(consent))


def consent(index: int, consent: int) -> bytes:
    """Ask for the data of a user."""
    return struct.pack("<BBH", UserOp.CONSENT, _index(index), _code(consent))


def list_users() -> bytes:
    """Ask which users there are."""
    return bytes((UserOp.LIST_USERS,))


def _code(consent: int) -> int:
    if not 0 <= consent <= MAX_CONSENT:
        raise ValueError(f"a consent code lies between 0 and {MAX_CONSENT}")
    return consent


def _index(index: int) -> int:
    if not 0 <= index <= MAX_INDEX:
        raise ValueError(f"a user index lies between 0 and {MAX_INDEX}")
    return index


DECODES: Final = {USER_CONTROL_POINT: decode}
