"""Whatever is done to a chain is found, and named where it can be."""

import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.audit.chain import GENESIS, SEQ, Entry
from gateway.audit.findings import Chain, examine

Rows = list[Entry]


def chain(length: int, salt: str = "") -> Rows:
    """Make a chain as the database does: `actor` and `action` follow from the number."""
    rows, before = [], GENESIS
    for seq in range(1, length + 1):
        parts = ("org", str(seq), "1", f"{seq}.000000", f"actor {seq}{salt}", "patient.view", None)
        text = json.dumps(parts, ensure_ascii=False)
        before = sha256(before + text.encode()).digest()
        rows.append(Entry(seq, before, parts))
    return rows


def told(
    rows: Sequence[Entry], written: Sequence[Entry], sealed: Sequence[int] = (), head: int = 0
) -> Chain:
    """Examine rows, where others were written, of which some are sealed."""
    seals = {seq: [(written[seq - 1].hash, "checkpoint 1")] for seq in sealed}
    last = written[(head or len(written)) - 1]
    return examine(rows, (last.seq, last.hash), seals)


def words(found: Chain) -> list[str]:
    return [finding.sentence() for finding in found.findings]


def renumbered(rows: Rows, by: int) -> Rows:
    return [
        replace(
            row,
            seq=row.seq + by,
            parts=(*row.parts[:SEQ], str(row.seq + by), *row.parts[SEQ + 1 :]),
        )
        for row in rows
    ]


def test_a_chain_as_it_was_written_is_whole() -> None:
    rows = chain(20)
    found = told(rows, rows, sealed=(5, 20))
    assert (found.entries, found.sealed, found.findings) == (20, 20, ())
    assert examine([], None, {}).findings == ()


@pytest.mark.parametrize("at", [1, 5, 10])
def test_a_changed_entry_is_named(at: int) -> None:
    rows = chain(10)
    one = rows[at - 1]
    rows[at - 1] = replace(one, parts=(*one.parts[:4], "somebody else", *one.parts[5:]))
    assert words(told(rows, chain(10))) == [f"entry {at} was changed"]


def test_a_changed_hash_accuses_its_own_entry_only() -> None:
    rows = chain(10)
    rows[3] = replace(rows[3], hash=bytes(32))
    assert words(told(rows, chain(10))) == ["entry 4 was changed"]


@pytest.mark.parametrize(("first", "last"), [(1, 1), (4, 6), (1, 9)])
def test_deleted_entries_are_named(first: int, last: int) -> None:
    rows = chain(10)
    left = rows[: first - 1] + rows[last:]
    which = f"entry {first} was" if first == last else f"entries {first} to {last} were"
    assert words(told(left, rows)) == [f"{which} deleted"]


def test_entries_that_changed_places_are_told_apart_from_changed_ones() -> None:
    rows = chain(12)
    a, b = rows[3], rows[8]
    swapped = [*rows]
    swapped[3] = replace(renumbered([b], -5)[0])
    swapped[8] = replace(renumbered([a], 5)[0])
    assert words(told(swapped, rows)) == [
        "entry 4 was reordered: what stands there was 9",
        "entry 9 was reordered: what stands there was 4",
    ]


def test_an_entry_put_in_between_is_named() -> None:
    rows = chain(30)
    new = replace(rows[4], parts=("org", "6", "1", "5.5", "nobody", "patient.view", None))
    found = words(told([*rows[:5], replace(new, seq=6), *renumbered(rows[5:], 1)], rows))
    assert found[0] == "entry 6 was inserted"


def test_an_entry_taken_out_from_between_is_named() -> None:
    rows = chain(30)
    found = words(told([*rows[:5], *renumbered(rows[6:], -1)], rows))
    assert found[0] == "entry 6 was deleted"
    assert "entry 30 was deleted at the end" in found


def test_a_tail_is_missed() -> None:
    rows = chain(10)
    assert words(told(rows[:7], rows)) == ["entries 8 to 10 were deleted at the end"]
    # The head was put back as well: then it is the checkpoint that knows.
    assert words(told(rows[:7], rows, sealed=(9,), head=7)) == [
        "entries 8 to 9 were deleted at the end"
    ]


def test_an_emptied_table_is_missed() -> None:
    rows = chain(10)
    assert words(told([], rows)) == ["entries 1 to 10 were deleted: nothing is left"]
    found = examine([], None, {9: [(rows[8].hash, "checkpoint 2")]})
    assert words(found) == ["entries 1 to 9 were deleted: nothing is left"]


def test_a_chain_written_anew_contradicts_its_checkpoint() -> None:
    rows, anew = chain(10), chain(10, salt="!")
    found = examine([*rows[:0], *anew], (10, anew[-1].hash), {6: [(rows[5].hash, "checkpoint 3")]})
    assert words(found) == ["entries 1 to 6 were written anew: checkpoint 3 vouches for others"]


def test_an_entry_appended_past_the_head_is_named() -> None:
    rows = chain(10)
    assert words(told(rows, rows, head=9)) == [
        "entry 10 was inserted behind the head, or the head changed"
    ]


def test_many_broken_entries_are_told_in_bounded_time() -> None:
    rows = chain(3000)
    found = told(rows[:1] + renumbered(rows[2:], -1), rows)
    assert words(found)[0] == "entry 2 was deleted"


PLACES = st.integers(0, 11)


@given(st.permutations(range(12)), st.booleans())
def test_any_other_order_is_found(order: list[int], sealed: bool) -> None:
    assume(order != list(range(12)))
    rows = chain(12)
    other = [
        replace(rows[old], seq=new + 1, parts=renumbered([rows[old]], new - old)[0].parts)
        for new, old in enumerate(order)
    ]
    assert told(other, rows, sealed=(12,) if sealed else ()).findings


@given(st.sets(PLACES, min_size=1), st.booleans())
def test_any_deletion_is_found(gone: set[int], close_up: bool) -> None:
    rows = chain(12)
    left = [row for at, row in enumerate(rows) if at not in gone]
    if close_up:
        left = [renumbered([row], at + 1 - row.seq)[0] for at, row in enumerate(left)]
    assert told(left, rows).findings


@given(PLACES, st.integers(0, 6), st.text(max_size=3))
def test_any_edit_of_a_column_is_found(at: int, column: int, text: str) -> None:
    rows = chain(12)
    parts = list(rows[at].parts)
    assume(parts[column] != text)
    parts[column] = text
    rows[at] = replace(rows[at], parts=tuple(parts))
    assert told(rows, chain(12)).findings


@given(PLACES, st.integers(1, 12))
def test_any_recomputation_under_a_checkpoint_is_found(start: int, sealed: int) -> None:
    assume(sealed > start)
    rows, before = chain(12), GENESIS
    anew: Rows = []
    for at, row in enumerate(rows):
        parts = row.parts if at < start else (*row.parts[:4], "X", *row.parts[5:])
        before = Entry(row.seq, b"", parts).hashed(before)
        anew.append(Entry(row.seq, before, parts))
    found = examine(anew, (12, before), {sealed: [(rows[sealed - 1].hash, "checkpoint 1")]})
    assert [one.what for one in found.findings] == ["written anew"]
