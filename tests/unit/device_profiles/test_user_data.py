"""Users of a device. Octets are written by hand from User Data Service 1.1."""

from collections.abc import Callable
from typing import Any

import pytest

from device_profiles.codecs import fields, user_control_point
from device_profiles.codecs.user_control_point import UserAnswer, UserOp
from device_profiles.errors import DecodeError
from device_profiles.gatt import sig
from tests.unit.device_profiles.octets import octets


def test_requests() -> None:
    assert user_control_point.register(1234) == octets("01 d204")
    assert user_control_point.consent(2, 1234) == octets("02 02 d204")
    assert user_control_point.list_users() == octets("04")


@pytest.mark.parametrize("code", [0, 9999])
def test_a_consent_code_has_four_digits(code: int) -> None:
    assert user_control_point.register(code)[1:] == code.to_bytes(2, "little")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: user_control_point.register(-1), "9999"),
        (lambda: user_control_point.register(10_000), "9999"),
        (lambda: user_control_point.consent(1, 10_000), "9999"),
        (lambda: user_control_point.consent(-1, 0), "254"),
        (lambda: user_control_point.consent(0xFF, 0), "254"),
    ],
)
def test_impossible_requests(call: Callable[[], bytes], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()


def test_the_limits_of_a_user_index() -> None:
    assert user_control_point.consent(0, 0) == octets("02 00 0000")
    assert user_control_point.consent(0xFE, 9999) == octets("02 fe 0f27")


@pytest.mark.parametrize(
    ("text", "request_", "answer", "index"),
    [
        ("20 01 01 03", UserOp.REGISTER, UserAnswer.SUCCESS, 3),
        ("20 01 04", UserOp.REGISTER, UserAnswer.FAILED, None),
        ("20 02 01", UserOp.CONSENT, UserAnswer.SUCCESS, None),
        ("20 02 05", UserOp.CONSENT, UserAnswer.NOT_AUTHORISED, None),
        ("20 02 03", UserOp.CONSENT, UserAnswer.INVALID_PARAMETER, None),
        ("20 03 01", UserOp.DELETE_DATA, UserAnswer.SUCCESS, None),
        ("20 04 01 02", UserOp.LIST_USERS, UserAnswer.SUCCESS, None),
        ("20 05 02", UserOp.DELETE_USERS, UserAnswer.OP_UNSUPPORTED, None),
    ],
)
def test_response(text: str, request_: int, answer: int, index: int | None) -> None:
    said = user_control_point.decode(octets(text))
    assert (said.op, said.request, said.answer, said.user_index) == (
        UserOp.RESPONSE,
        request_,
        answer,
        index,
    )
    assert said.operand == octets(text)[3:]


def test_a_request_is_read_too() -> None:
    said = user_control_point.decode(octets("02 02 d204"))
    assert (said.op, said.operand.hex(), said.request, said.answer) == (2, "02d204", None, None)


@pytest.mark.parametrize("text", ["", "20", "20 01", "20 01 01"])
def test_too_short(text: str) -> None:
    with pytest.raises(DecodeError, match="too short"):
        user_control_point.decode(octets(text))


@pytest.mark.parametrize(
    ("uuid", "text", "expected"),
    [
        (0x2A80, "48", {"number": 72}),
        (0x2A85, "9a07 0c 1f", {"year": 1946, "month": 12, "day": 31}),
        (0x2A85, "0000 00 00", {"year": 0, "month": 0, "day": 0}),
        (0x2A8C, "01", {"number": 1}),
        (0x2A8E, "af00", {"quantity": 1.75}),
        (0x2A98, "983a", {"quantity": 75.0}),
        (0x2A99, "01020304", {"number": 0x04030201}),
        (0x2A9A, "ff", {"number": 255}),
    ],
)
def test_user_data(uuid: int, text: str, expected: dict[str, Any]) -> None:
    assert fields(sig(uuid), octets(text)) == expected
    for wrong in (octets(text)[:-1], octets(text) + b"\0"):
        with pytest.raises(DecodeError):
            fields(sig(uuid), wrong)


@pytest.mark.parametrize("text", ["9a07 0d 01", "9a07 01 20"])
def test_an_impossible_date_of_birth(text: str) -> None:
    with pytest.raises(DecodeError, match="impossible"):
        fields(sig(0x2A85), octets(text))


def test_a_certification_list_is_kept_as_it_came() -> None:
    assert fields(sig(0x2A2A), octets("0002 0010 0201")) == {"certification": "000200100201"}
