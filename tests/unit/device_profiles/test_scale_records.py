"""What of a session belongs to one step on the scale. Octets as in test_scale.py."""

from collections.abc import Sequence

import pytest

from device_profiles.codecs.scale_records import ScaleRecords
from device_profiles.profile import Group
from device_profiles.reading import Indication
from tests.unit.device_profiles.octets import indication

AT, LATER = "ea07 0b 15 08 1e 05", "ea07 0b 15 08 1f 05"
WEIGHT = indication(0x2A9D, f"06 983a {AT} 01")
BODY = indication(0x2A9C, f"0600 c800 {AT} 01")
FIRST = indication(0x2A9C, f"1e10 c800 {AT} 01 401f 9001")
SECOND = indication(0x2A9C, "c010 c800 e02e 882c")
BROKEN = indication(0x2A9D, "00")


def groups(came: Sequence[Indication], *, waits: bool = True) -> tuple[list[Group], list[Group]]:
    """Return the groups as they were completed, and what the end of the session left."""
    records = ScaleRecords(weight_waits=waits)
    complete = [each for one in came for each in records.add(one)]
    return complete, list(records.rest())


def test_a_plain_scale_s_weight_goes_on_at_once() -> None:
    assert groups([WEIGHT, BODY], waits=False) == ([(WEIGHT,), (BODY,)], [])
    assert ScaleRecords().add(WEIGHT) == ((WEIGHT,),)


@pytest.mark.parametrize("came", [(WEIGHT, BODY), (BODY, WEIGHT)])
def test_weight_and_composition_are_joined_in_either_order(came: tuple[Indication, ...]) -> None:
    assert groups(came) == ([(WEIGHT, BODY)], [])


def test_two_packets_and_a_weight() -> None:
    for came in ((WEIGHT, FIRST, SECOND), (FIRST, SECOND, WEIGHT), (FIRST, WEIGHT, SECOND)):
        assert groups(came) == ([(WEIGHT, FIRST, SECOND)], [])
    assert groups((FIRST, SECOND), waits=False) == ([(FIRST, SECOND)], [])


@pytest.mark.parametrize(
    "other",
    [
        indication(0x2A9C, f"0600 c800 {LATER} 01"),  # another time
        indication(0x2A9C, f"0600 c800 {AT} 02"),  # another user
        indication(0x2A9C, "0004 c800 993a"),  # another weight
        indication(0x2A9C, "0104 c800 983a"),  # 150 lb are not 75 kg
        indication(0x2A9D, f"06 983a {AT} 01"),  # a weight again
    ],
)
def test_what_differs_is_not_joined(other: Indication) -> None:
    assert groups((WEIGHT, other)) == ([], [(WEIGHT,), (other,)])


@pytest.mark.parametrize(
    "other",
    [
        indication(0x2A9C, "0000 c800"),
        indication(0x2A9C, f"0200 c800 {AT}"),
        indication(0x2A9C, "0400 c800 01"),
        indication(0x2A9C, "0004 c800 983a"),
    ],
)
def test_what_is_not_said_does_not_differ(other: Indication) -> None:
    assert groups((WEIGHT, other)) == ([(WEIGHT, other)], [])


def test_two_people_one_after_the_other() -> None:
    weight2 = indication(0x2A9D, f"06 983a {LATER} 02")
    body2 = indication(0x2A9C, f"0600 c800 {LATER} 02")
    assert groups((WEIGHT, weight2, BODY, body2)) == ([(WEIGHT, BODY), (weight2, body2)], [])


def test_of_two_that_fit_the_newest_is_taken() -> None:
    other = indication(0x2A9D, "00 993a")
    body = indication(0x2A9C, "0000 c800")
    assert groups((WEIGHT, other, body)) == ([(other, body)], [(WEIGHT,)])


def test_a_half_without_its_other_half() -> None:
    assert groups((FIRST,)) == ([], [(FIRST,)])
    assert groups((FIRST, BODY), waits=False) == ([(FIRST,), (BODY,)], [])
    assert groups((FIRST, FIRST, SECOND), waits=False) == ([(FIRST,), (FIRST, SECOND)], [])
    assert groups((WEIGHT, FIRST)) == ([], [(WEIGHT,), (FIRST,)])


def test_what_cannot_be_decoded_or_is_foreign_goes_alone_at_once() -> None:
    battery = indication(0x2A19, "64")
    assert groups((WEIGHT, BROKEN, battery, BODY)) == ([(BROKEN,), (battery,), (WEIGHT, BODY)], [])
