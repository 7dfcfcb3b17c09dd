"""SFLOAT and FLOAT. Expected values follow from ISO/IEEE 11073-20601: mantissa * 10**exponent."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.codecs.medfloat import Amount, float32, sfloat
from device_profiles.reading import Absent


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (0x0000, Decimal(0)),
        (0xF000, Decimal(0)),
        (0x0078, Decimal(120)),
        (0xB076, Decimal("0.00118")),  # exponent -5
        (0x8001, Decimal("1E-8")),  # the smallest exponent
        (0x7001, Decimal(10_000_000)),  # the largest exponent
        (0x77FD, Decimal(20_450_000_000)),
        (0x0FFF, Decimal(-1)),
        (0xFFFF, Decimal("-0.1")),
        (0x07FD, Decimal(2045)),  # the largest mantissa beside the special values
        (0x0803, Decimal(-2045)),
        (0x07FE, Absent.POSITIVE_INFINITY),
        (0x07FF, Absent.NAN),
        (0x0800, Absent.NRES),
        (0x0801, Absent.RESERVED),
        (0x0802, Absent.NEGATIVE_INFINITY),
        (0x17FF, Decimal(20_470)),  # special with the exponent 0 only
        (0xF800, Decimal("-204.8")),
    ],
)
def test_sfloat(word: int, expected: Amount) -> None:
    assert sfloat(word) == expected
    assert type(sfloat(word)) is type(expected)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (0x00000000, Decimal(0)),
        (0xFE000EB0, Decimal("37.60")),
        (0x80000001, Decimal("1E-128")),
        (0x7F000001, Decimal(10**127)),
        (0x00FFFFFF, Decimal(-1)),
        (0x007FFFFD, Decimal(8_388_605)),
        (0x00800003, Decimal(-8_388_605)),
        (0x007FFFFE, Absent.POSITIVE_INFINITY),
        (0x007FFFFF, Absent.NAN),
        (0x00800000, Absent.NRES),
        (0x00800001, Absent.RESERVED),
        (0x00800002, Absent.NEGATIVE_INFINITY),
        (0xFF7FFFFF, Decimal("838860.7")),
    ],
)
def test_float32(word: int, expected: Amount) -> None:
    assert float32(word) == expected
    assert type(float32(word)) is type(expected)


@given(mantissa=st.integers(-2045, 2045), exponent=st.integers(-8, 7))
def test_sfloat_is_exact_whatever_the_decimal_context(mantissa: int, exponent: int) -> None:
    word = (exponent & 0xF) << 12 | mantissa & 0xFFF
    with localcontext(prec=1):
        amount = sfloat(word)
    assert isinstance(amount, Decimal)
    assert amount.as_integer_ratio() == (Decimal(mantissa).scaleb(exponent)).as_integer_ratio()
    assert "E" not in str(amount) or exponent < 0


@pytest.mark.parametrize(("word", "text"), [(0x0000, "0"), (0xF000, "0.0"), (0x1000, "0")])
def test_nothing_has_no_sign(word: int, text: str) -> None:
    assert str(sfloat(word)) == text
