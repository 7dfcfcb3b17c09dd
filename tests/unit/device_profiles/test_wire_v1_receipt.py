"""Receipts: only what the gateway signed for this hub lets it delete anything."""

import struct
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.errors import WireError
from device_profiles.wire.v1 import (
    MAX_BITMAP,
    MAX_QUARANTINED,
    RECEIPT_HEADER,
    BadSignature,
    Class,
    Malformed,
    Receipt,
    WrongPlace,
    read_header,
    read_receipt,
    topic_down,
    topic_up,
    verify_envelope,
    write_receipt,
)

HUB = UUID("0190f3c4-0000-7000-8000-00000000000a")
OTHER = UUID("0190f3c4-0000-7000-8000-00000000001a")
GATEWAY = Ed25519PrivateKey.generate()
PUBLIC = GATEWAY.public_key()
TOPIC = topic_down(HUB)
RECEIPT = Receipt(HUB, 3, 100, frozenset({102, 105, 130}), (90, 102))
MESSAGE = write_receipt(RECEIPT, GATEWAY)
SEQ = st.integers(0, 2**64 - 1)


def read(message: bytes, topic: str = TOPIC, signer: Ed25519PublicKey = PUBLIC) -> Receipt:
    return read_receipt(message, topic, HUB, signer)


def accepted(message: bytes, topic: str = TOPIC) -> bool:
    try:
        read(message, topic)
    except WireError:
        return False
    return True


def signed(unsigned: bytes) -> bytes:
    """Sign octets as the gateway would, whatever they say."""
    bound = b"HLN-RCPT-1 sig\0" + len(TOPIC).to_bytes(2, "big") + TOPIC.encode()
    return unsigned + GATEWAY.sign(bound + unsigned)


def test_what_is_written_is_read() -> None:
    assert read(MESSAGE) == RECEIPT


@given(
    epoch=SEQ,
    high_water=SEQ,
    beyond=st.sets(st.integers(1, 8 * MAX_BITMAP), max_size=20),
    quarantined=st.lists(SEQ, max_size=20),
)
def test_every_receipt_is_read_as_written(
    epoch: int, high_water: int, beyond: set[int], quarantined: list[int]
) -> None:
    above = frozenset(high_water + step for step in beyond)
    receipt = Receipt(HUB, epoch, high_water, above, tuple(quarantined))
    assert read(write_receipt(receipt, GATEWAY)) == receipt


@given(high_water=st.integers(0, 50), above=st.frozensets(st.integers(0, 100), max_size=20))
def test_a_receipt_covers_what_it_says_and_nothing_else(
    high_water: int, above: frozenset[int]
) -> None:
    told = read(write_receipt(Receipt(HUB, 1, high_water, above), GATEWAY))
    covered = {seq for seq in range(-5, 110) if told.covers(seq)}
    assert covered == set(range(1, high_water + 1)) | {seq for seq in above if seq > high_water}


@pytest.mark.parametrize(
    ("seq", "covered"),
    [(-1, False), (0, False), (1, True), (100, True), (101, False), (102, True), (103, False)],
)
def test_covers(seq: int, *, covered: bool) -> None:
    assert RECEIPT.covers(seq) is covered


def test_an_empty_receipt_covers_nothing() -> None:
    told = read(write_receipt(Receipt(HUB, 1, 0), GATEWAY))
    assert not any(told.covers(seq) for seq in range(-1, 10))


def test_a_quarantined_seq_alone_is_not_covered() -> None:
    """The gateway counts it as accounted for by high water or bitmap, never by this list."""
    assert not Receipt(HUB, 1, 5, frozenset(), (9,)).covers(9)


def test_what_the_bitmap_cannot_reach_waits_for_a_later_receipt() -> None:
    reach = 8 * MAX_BITMAP
    receipt = Receipt(HUB, 1, 10, frozenset({10 + reach, 11 + reach, 2**64 - 1}))
    assert read(write_receipt(receipt, GATEWAY)).above == {10 + reach}


def test_more_quarantined_than_fit_are_left_out() -> None:
    receipt = Receipt(HUB, 1, 1000, frozenset(), tuple(range(1, 1000)))
    assert read(write_receipt(receipt, GATEWAY)).quarantined == tuple(range(1, MAX_QUARANTINED + 1))


def test_every_flip_of_a_bit_is_refused() -> None:
    taken = []
    for bit in range(8 * len(MESSAGE)):
        flipped = bytearray(MESSAGE)
        flipped[bit // 8] ^= 1 << bit % 8
        if accepted(bytes(flipped)):
            taken.append(bit)
    assert taken == []


def test_every_truncation_and_addition_is_refused() -> None:
    assert [cut for cut in range(len(MESSAGE)) if accepted(MESSAGE[:cut])] == []
    assert [cut for cut in range(1, len(MESSAGE)) if accepted(MESSAGE[cut:])] == []
    assert not any(accepted(MESSAGE + more) for more in (b"\0", bytes(8), MESSAGE))


@pytest.mark.parametrize(
    "topic",
    [topic_down(OTHER), topic_up(HUB, Class.ALERT), TOPIC.upper(), f"{TOPIC}/", "", "x" * 70_000],
    ids=lambda topic: topic[:60],
)
def test_another_topic_is_a_wrong_place(topic: str) -> None:
    with pytest.raises(WrongPlace):
        read(MESSAGE, topic)


def test_another_hubs_receipt_is_a_wrong_place_on_either_topic() -> None:
    theirs = write_receipt(Receipt(OTHER, 3, 100), GATEWAY)
    for topic in (TOPIC, topic_down(OTHER)):
        with pytest.raises(WrongPlace):
            read(theirs, topic)
    with pytest.raises(BadSignature):  # their octets with our hub written over theirs
        read(theirs[:5] + HUB.bytes + theirs[21:])


def test_only_the_gateways_key_counts() -> None:
    with pytest.raises(BadSignature):
        read(write_receipt(RECEIPT, Ed25519PrivateKey.generate()))


def test_an_envelope_is_no_receipt_and_a_receipt_no_envelope() -> None:
    with pytest.raises(WireError):
        read_header(MESSAGE, TOPIC)
    with pytest.raises(BadSignature):  # same key, same topic, other domain
        verify_envelope(MESSAGE, TOPIC, PUBLIC)


@pytest.mark.parametrize(
    ("bitmap", "length", "count", "told"),
    [
        (b"\1", 2, 0, 0),
        (b"\1", 0, 0, 0),
        (b"", 0xFFFF, 0, 0),
        (b"", 0, 1, 0),
        (b"", 0, 0, 1),
        (b"", 0, 0xFFFF, 1),
    ],
)
def test_lengths_that_lie_are_malformed_even_when_signed(
    bitmap: bytes, length: int, count: int, told: int
) -> None:
    head = RECEIPT_HEADER.pack(b"HLR1", 1, HUB.bytes, b"kkid", 3, 100, length)
    message = signed(head + bitmap + struct.pack(f">H{told}Q", count, *range(told)))
    with pytest.raises(Malformed):
        read(message)


@pytest.mark.parametrize(("magic", "version"), [(b"HLN1", 1), (b"HLR1", 0), (b"HLR1", 2)])
def test_another_magic_or_version_is_malformed(magic: bytes, version: int) -> None:
    head = RECEIPT_HEADER.pack(magic, version, HUB.bytes, b"kkid", 3, 100, 0)
    with pytest.raises(Malformed):
        read(signed(head + bytes(2)))


@given(
    octets=st.binary(max_size=200) | st.binary(max_size=120).map(lambda rest: MESSAGE[:43] + rest)
)
def test_any_octets_are_refused_with_a_wire_error(octets: bytes) -> None:
    assert not accepted(octets)


@given(octets=st.binary(max_size=120))
def test_any_octets_that_the_gateway_signed_are_read_or_malformed(octets: bytes) -> None:
    message = signed(MESSAGE[:41] + octets)
    try:
        told = read(message)
    except Malformed:
        return
    assert (told.hub, told.epoch, told.high_water) == (HUB, 3, 100)
