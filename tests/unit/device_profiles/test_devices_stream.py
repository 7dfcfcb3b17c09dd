"""An oximeter that streams gives a reading per finger, or per minute of a long one."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.reading import Indication, Reading, Validity
from device_profiles.registry import PROFILES
from device_profiles.vendor.oxygen import MINUTE, SETTLED

JUMPER = PROFILES["jumper_jpd500f"]
(STREAM,) = JUMPER.subscribe
OFF = (0, 0)


def session(frames: Sequence[tuple[int, int]]) -> list[list[Reading]]:
    """Return the readings that each frame completes, and those of the hang-up."""
    sieve, assembly, made = JUMPER.sieve(), JUMPER.assemble(), []
    for spo2, pulse in frames:
        one = Indication(uuid=STREAM, octets=bytes((0x81, pulse, spo2, 0)))
        groups = assembly.add(one) if sieve.keeps(one) else ()
        made.append([reading for group in groups for reading in JUMPER.readings(group)])
    made.append([reading for group in assembly.rest() for reading in JUMPER.readings(group)])
    return made


def numbers(reading: Reading) -> tuple[str, str]:
    return str(reading.values[0].number), str(reading.values[1].number)


def test_the_finger_leaves_and_the_reading_is_there_at_once() -> None:
    *before, at_off, at_hang_up = session([OFF, *[(97, 72)] * 10, OFF])
    assert not any(before)
    assert not at_hang_up
    assert [numbers(reading) for reading in at_off] == [("97", "72")]
    assert at_off[0].validity is Validity.VALID


def test_the_first_numbers_are_a_guess_and_do_not_count() -> None:
    *_, made, _ = session([(80, 140)] * 9 + [(96, 70)] * SETTLED + [OFF])
    assert [numbers(reading) for reading in made] == [("96", "70")]


def test_a_dip_of_a_single_frame_is_no_desaturation() -> None:
    *_, made, _ = session([(96, 70)] * 5 + [(70, 70)] + [(96, 70)] * 2 + [OFF])
    assert [numbers(reading) for reading in made] == [("96", "70")]


def test_a_short_finger_is_questionable_and_a_single_frame_is_nothing() -> None:
    *_, made, _ = session([(91, 70)] * (SETTLED - 1) + [OFF])
    assert [(reading.validity, reading.flags) for reading in made] == [
        (Validity.QUESTIONABLE, ("not_settled",))
    ]
    assert not any(session([(91, 70), OFF]))


def test_two_fingers_are_two_readings_and_the_hang_up_ends_the_second() -> None:
    made = session([*[(97, 72)] * 9, OFF, OFF, OFF, *[(93, 80)] * 9])
    told = [numbers(reading) for readings in made for reading in readings]
    assert told == [("97", "72"), ("93", "80")]
    assert made[-1]


def test_a_long_finger_is_told_every_minute() -> None:
    made = session([(95, 66)] * (3 * MINUTE))
    assert [place for place, readings in enumerate(made) if readings] == [
        MINUTE - 1,
        2 * MINUTE - 1,
        3 * MINUTE - 1,
    ]


@pytest.mark.parametrize("silent", [(97, 255), (97, 0)])
def test_no_pulse_is_no_number(silent: tuple[int, int]) -> None:
    *_, made, _ = session([silent] * 9 + [OFF])
    assert made[0].values[1].number is None
    assert made[0].validity is Validity.QUESTIONABLE


@given(
    st.lists(st.tuples(st.sampled_from((0, 88, 97)), st.sampled_from((0, 60, 255))), max_size=99)
)
def test_a_reading_shows_only_what_the_device_showed(frames: list[tuple[int, int]]) -> None:
    shown = {str(spo2) for spo2, _ in frames}
    for readings in session(frames):
        assert all(str(reading.values[0].number) in shown for reading in readings)
        assert all(len(reading.octets) <= MINUTE for reading in readings)
