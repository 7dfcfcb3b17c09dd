"""Record Access Control Point. Octets are those of Glucose Service 1.0.1, 3.4."""

import pytest

from device_profiles.codecs import racp
from device_profiles.codecs.racp import Answer, Op, Operator
from device_profiles.errors import DecodeError
from tests.unit.device_profiles.octets import octets


def test_requests() -> None:
    assert racp.report_all() == octets("01 01")
    assert racp.report_from(0) == octets("01 03 01 0000")
    assert racp.report_from(258) == octets("01 03 01 0201")
    assert racp.report_from(0xFFFF) == octets("01 03 01 ffff")
    assert racp.count_all() == octets("04 01")
    assert racp.abort() == octets("03 00")


def test_numbers_of_the_specification() -> None:
    """Op codes, operators and response codes of 3.4; some of them no request of ours shows."""
    assert {each.name: each.value for each in Op} == {
        "REPORT": 1,
        "DELETE": 2,
        "ABORT": 3,
        "COUNT": 4,
        "COUNT_RESPONSE": 5,
        "RESPONSE": 6,
    }
    assert [each.name for each in sorted(Operator)] == [
        "NULL",
        "ALL",
        "AT_MOST",
        "AT_LEAST",
        "RANGE",
        "FIRST",
        "LAST",
    ]
    assert [each.value for each in sorted(Operator)] == list(range(7))
    assert {each.name: each.value for each in Answer} == {
        "SUCCESS": 1,
        "OP_UNSUPPORTED": 2,
        "INVALID_OPERATOR": 3,
        "OPERATOR_UNSUPPORTED": 4,
        "INVALID_OPERAND": 5,
        "NO_RECORDS": 6,
        "ABORT_FAILED": 7,
        "NOT_COMPLETED": 8,
        "OPERAND_UNSUPPORTED": 9,
        "BUSY": 10,
    }


@pytest.mark.parametrize("sequence", [-1, 0x10000])
def test_a_sequence_number_has_two_octets(sequence: int) -> None:
    with pytest.raises(ValueError, match="65535"):
        racp.report_from(sequence)


@pytest.mark.parametrize(
    ("text", "answer", "succeeded"),
    [
        ("06 00 01 01", Answer.SUCCESS, True),
        ("06 00 01 06", Answer.NO_RECORDS, True),
        ("06 00 01 04", Answer.OPERATOR_UNSUPPORTED, False),
        ("06 00 03 07", Answer.ABORT_FAILED, False),
        ("06 00 01 08", Answer.NOT_COMPLETED, False),
        ("06 00 01 0a", Answer.BUSY, False),
        ("06 00 01 ff", 0xFF, False),  # reserved
    ],
)
def test_response(text: str, answer: int, *, succeeded: bool) -> None:
    said = racp.decode(octets(text))
    assert (said.op, said.operator, said.answer) == (Op.RESPONSE, Operator.NULL, answer)
    assert said.request == octets(text)[2]
    assert said.succeeded is succeeded


def test_a_number_of_records_is_no_success_of_a_report() -> None:
    said = racp.decode(octets("05 00 0000"))
    assert (said.count, said.succeeded) == (0, False)


@pytest.mark.parametrize("text", ["05 00", "05 00 000000", "05 00 0000000000"])
def test_number_of_records_has_one_two_or_four_octets(text: str) -> None:
    with pytest.raises(DecodeError, match="number of records"):
        racp.decode(octets(text))


@pytest.mark.parametrize("text", ["06 00", "06 00 01", "06 00 01 01 00"])
def test_response_has_two_octets(text: str) -> None:
    with pytest.raises(DecodeError, match="response code"):
        racp.decode(octets(text))


@pytest.mark.parametrize("text", ["", "06"])
def test_op_and_operator_are_there(text: str) -> None:
    with pytest.raises(DecodeError, match="too short"):
        racp.decode(octets(text))
