"""Records and contexts come together by sequence number, whatever the order they come in."""

import pytest

from device_profiles.codecs.glucose_records import GlucoseRecords
from device_profiles.profile import Group
from device_profiles.reading import Indication
from tests.unit.device_profiles.octets import indication


def record(seq: int, *, context: bool, minute: int = 0) -> Indication:
    flags = 0x12 if context else 0x02
    return indication(0x2A18, f"{flags:02x} {seq:02x}00 ea07 0b 15 08 {minute:02x} 00 78b0 11")


def context(seq: int, meal: int = 1) -> Indication:
    return indication(0x2A34, f"02 {seq:02x}00 {meal:02x}")


def play(*indications: Indication) -> tuple[list[Group], list[Group]]:
    """Return what is complete during the session and what its end leaves."""
    records = GlucoseRecords()
    groups = [group for one in indications for group in records.add(one)]
    return groups, list(records.rest())


def test_a_record_that_announces_no_context_is_complete_at_once() -> None:
    one = record(1, context=False)
    assert play(one) == ([(one,)], [])


def test_a_record_waits_for_its_context() -> None:
    records = GlucoseRecords()
    one, its = record(1, context=True), context(1)
    assert records.add(one) == ()
    assert list(records.add(its)) == [(one, its)]
    assert list(records.rest()) == []


def test_the_measurement_comes_first_in_the_group_whatever_came_first() -> None:
    one, its = record(1, context=True), context(1)
    assert play(its, one) == ([(one, its)], [])


def test_contexts_may_come_after_all_records() -> None:
    a, b = record(1, context=True), record(2, context=True)
    ctx_a, ctx_b = context(1), context(2)
    assert play(a, b, ctx_b, ctx_a) == ([(b, ctx_b), (a, ctx_a)], [])


def test_the_partner_may_be_any_of_those_that_wait() -> None:
    waiting = [record(seq, context=True) for seq in (1, 2, 3, 4)]
    for one in waiting:
        its = context(waiting.index(one) + 1)
        rest = [(other,) for other in waiting if other is not one]
        assert play(*waiting, its) == ([(one, its)], rest)


def test_what_finds_no_partner_is_left_in_order() -> None:
    a, orphan, b = record(1, context=True), context(9), record(2, context=True)
    assert play(a, orphan, b) == ([], [(a,), (orphan,), (b,)])


def test_a_context_that_its_record_denies_stays_alone() -> None:
    one, its = record(1, context=False), context(1)
    assert play(one, its) == ([(one,)], [(its,)])


def test_everything_twice_gives_two_whole_groups() -> None:
    """bleak may call back twice after a reconnect."""
    one, its = record(1, context=True), context(1)
    assert play(one, one, its, its) == ([(one, its), (one, its)], [])
    assert play(one, its, one, its) == ([(one, its), (one, its)], [])


def test_a_restarted_sequence_takes_the_newest_record() -> None:
    old, new, its = record(1, context=True), record(1, context=True, minute=5), context(1)
    assert play(old, new, its) == ([(new, its)], [(old,)])


@pytest.mark.parametrize("uuid", [0x2A18, 0x2A34, 0x2A19])
def test_what_cannot_be_read_spoils_no_other(uuid: int) -> None:
    one, its, broken = record(1, context=True), context(1), indication(uuid, "02")
    assert play(one, broken, its) == ([(broken,), (one, its)], [])
