"""HLN1 refuses whatever was altered, cut, moved or made up."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.errors import WireError
from device_profiles.wire.keys import RecipientPrivate, RecipientPublic, Suite
from device_profiles.wire.v1 import (
    HEADER,
    MAX_ENVELOPE,
    OVERHEAD,
    BadSignature,
    Class,
    Malformed,
    Place,
    Unopenable,
    WrongPlace,
    open_envelope,
    read_header,
    topic_down,
    topic_up,
    verify_envelope,
    write_envelope,
)

ORGANISATION = UUID("11111111-2222-4333-8444-555555555555")
HUB = UUID("0190f3c4-0000-7000-8000-00000000000a")
SAME_SHARD = UUID("0190f3c4-0000-7000-8000-00000000001a")
OTHER_SHARD = UUID("0190f3c4-0000-7000-8000-00000000000b")
SIGNER = Ed25519PrivateKey.generate()
PUBLIC = SIGNER.public_key()
RECIPIENTS = {suite: RecipientPrivate.generate(suite) for suite in Suite}
BODY = bytes(range(40))  # as long as it must be to have all parts; flips take time
TOPIC = topic_up(HUB, Class.ROUTINE)
every_suite = pytest.mark.parametrize("suite", list(Suite))


def place(**changes: Any) -> Place:
    facts: dict[str, Any] = {
        "organisation": ORGANISATION,
        "hub": HUB,
        "epoch": 1,
        "seq": 7,
        "sealed_at_ms": 0,
        "class_": Class.ROUTINE,
    }
    return Place(**facts | changes)


def seal(suite: Suite = Suite.X25519, body: bytes = BODY, **changes: Any) -> bytes:
    return write_envelope(body, place(**changes), RECIPIENTS[suite].public(), SIGNER)


def accepted(envelope: bytes, topic: str = TOPIC, signer: Ed25519PublicKey = PUBLIC) -> bool:
    """Say whether the gateway would go on to open it."""
    try:
        read_header(envelope, topic)
        verify_envelope(envelope, topic, signer)
    except WireError:
        return False
    return True


def flips(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield every message that differs in one bit, with the bit's number."""
    for bit in range(8 * len(message)):
        flipped = bytearray(message)
        flipped[bit // 8] ^= 1 << bit % 8
        yield bit, bytes(flipped)


@every_suite
@pytest.mark.parametrize("body", [b"", b"{}", bytes(200)])
def test_what_is_sealed_opens(suite: Suite, body: bytes) -> None:
    envelope = seal(suite, body)
    assert accepted(envelope)
    assert open_envelope(envelope, TOPIC, RECIPIENTS[suite]) == body
    assert len(envelope) == OVERHEAD[suite] + len(body)


@every_suite
def test_every_flip_of_a_bit_is_refused(suite: Suite) -> None:
    assert [bit for bit, flipped in flips(seal(suite)) if accepted(flipped)] == []


@every_suite
def test_every_truncation_is_refused(suite: Suite) -> None:
    envelope = seal(suite)
    assert [cut for cut in range(len(envelope)) if accepted(envelope[:cut])] == []
    assert [cut for cut in range(1, len(envelope)) if accepted(envelope[cut:])] == []


@every_suite
@pytest.mark.parametrize("more", [b"\0", bytes(64), b"HLN1"])
def test_every_addition_is_refused(suite: Suite, more: bytes) -> None:
    envelope = seal(suite)
    assert not accepted(envelope + more)
    assert not accepted(more + envelope)


@pytest.mark.parametrize("sealed_for", list(Class))
@pytest.mark.parametrize("posted_to", list(Class))
def test_another_class_of_the_same_hub_is_refused(sealed_for: Class, posted_to: Class) -> None:
    envelope = seal(class_=sealed_for)
    assert accepted(envelope, topic_up(HUB, posted_to)) is (sealed_for is posted_to)


@pytest.mark.parametrize(
    "topic",
    [
        topic_up(SAME_SHARD, Class.ROUTINE),
        topic_up(OTHER_SHARD, Class.ROUTINE),
        topic_down(HUB),
        TOPIC.replace("/a/", "/b/", 1),
        TOPIC.replace("hl/1/", "hl/2/"),
        TOPIC.replace("up/routine", "up/urgent"),
        TOPIC.upper(),
        f"{TOPIC}/",
        f"/{TOPIC}",
        f"{TOPIC}\0",
        f"hl/1/a/{HUB.hex}/up/routine",
        "hl/1/a/+/up/routine",
        "#",
        "",
        "x" * 70_000,
    ],
    ids=lambda topic: topic[:60],
)
def test_another_topic_is_a_wrong_place(topic: str) -> None:
    with pytest.raises(WrongPlace):
        read_header(seal(), topic)


def test_a_header_of_another_hub_is_refused_on_its_own_topic_too() -> None:
    """Cut and paste between two hubs' envelopes, each way."""
    ours, theirs = seal(), seal(hub=SAME_SHARD)
    topics = (TOPIC, topic_up(SAME_SHARD, Class.ROUTINE))
    cuts = range(len(ours) + 1)
    mixed = {ours[:cut] + theirs[cut:] for cut in cuts} | {
        theirs[:cut] + ours[cut:] for cut in cuts
    }
    for envelope in mixed - {ours, theirs}:
        assert not any(accepted(envelope, topic) for topic in topics)


def test_another_hubs_signature_is_refused() -> None:
    with pytest.raises(BadSignature):
        verify_envelope(seal(), TOPIC, Ed25519PrivateKey.generate().public_key())


def resigned(message: bytes, topic: str) -> bytes:
    """Sign octets as the hub would; not even its key makes a spliced envelope open."""
    bound = b"HLN-ENV-1 sig\0" + len(topic).to_bytes(2, "big") + topic.encode()
    return message + SIGNER.sign(bound + message)


@every_suite
@pytest.mark.parametrize(
    "changes",
    [
        {"organisation": UUID(int=1)},
        {"hub": SAME_SHARD},
        {"epoch": 2},
        {"seq": 8},
        {"sealed_at_ms": 1},
        {"class_": Class.ALERT},
    ],
    ids=str,
)
def test_the_sealed_part_belongs_to_its_header_and_topic(
    suite: Suite, changes: dict[str, Any]
) -> None:
    head, sealed = seal(suite, **changes)[: HEADER.size], seal(suite)[HEADER.size : -64]
    topic = topic_up(place(**changes).hub, place(**changes).class_)
    spliced = resigned(head + sealed, topic)
    assert accepted(spliced, topic)
    with pytest.raises(Unopenable):
        open_envelope(spliced, topic, RECIPIENTS[suite])


@every_suite
def test_another_recipient_cannot_open(suite: Suite) -> None:
    for recipient in (RecipientPrivate.generate(suite), *RECIPIENTS.values()):
        if recipient is not RECIPIENTS[suite]:
            with pytest.raises(Unopenable):
                open_envelope(seal(suite), TOPIC, recipient)


@pytest.mark.parametrize("sealed", [b"", bytes(48), bytes(47), b"\xff" * 200], ids=len)
def test_a_sealed_part_that_is_none_is_unopenable(sealed: bytes) -> None:
    """All zeros are a public key of low order; too short is no ciphertext."""
    envelope = resigned(seal()[: HEADER.size] + sealed, TOPIC)
    with pytest.raises(Unopenable):
        open_envelope(envelope, TOPIC, RECIPIENTS[Suite.X25519])


@pytest.mark.parametrize(
    ("offset", "octet"), [(0, b"h"), (3, b"2"), (4, b"\0"), (4, b"\2"), (5, b"\0"), (5, b"\3")]
)
def test_unknown_magic_version_or_suite_is_malformed(offset: int, octet: bytes) -> None:
    envelope = seal()
    with pytest.raises(Malformed):
        read_header(envelope[:offset] + octet + envelope[offset + 1 :], TOPIC)


def test_the_other_suites_number_is_refused() -> None:
    """Suite 1's body is too short for suite 2; a long one fails at the signature."""
    short, long = seal(), seal(body=bytes(OVERHEAD[Suite.MLKEM768_X25519]))
    with pytest.raises(Malformed):
        read_header(short[:5] + b"\2" + short[6:], TOPIC)
    assert not accepted(long[:5] + b"\2" + long[6:])


def test_the_largest_envelope() -> None:
    room = MAX_ENVELOPE - OVERHEAD[Suite.X25519]
    assert accepted(seal(body=bytes(room)))
    with pytest.raises(Malformed):
        read_header(seal(body=bytes(room + 1)), TOPIC)


def test_what_a_header_says_comes_back() -> None:
    header = read_header(seal(epoch=2**64 - 1, seq=2**64 - 1, sealed_at_ms=2**64 - 1), TOPIC)
    assert (header.epoch, header.seq, header.sealed_at_ms) == (2**64 - 1,) * 3
    assert (header.organisation, header.hub, header.suite) == (ORGANISATION, HUB, Suite.X25519)
    assert header.recipient == RECIPIENTS[Suite.X25519].public().kid


def test_the_body_is_not_in_the_envelope() -> None:
    assert b"glucose" not in seal(body=b'{"name": "glucose"}' * 5)


def start(envelope: bytes) -> Callable[[bytes], bytes]:
    return lambda rest: envelope[: HEADER.size] + rest


@given(octets=st.binary(max_size=400) | st.binary(max_size=300).map(start(seal())), topic=st.text())
def test_any_octets_are_refused_with_a_wire_error(octets: bytes, topic: str) -> None:
    assert not accepted(octets, topic)
    assert not accepted(octets)


@every_suite
def test_a_private_key_is_never_printed(suite: Suite) -> None:
    assert RECIPIENTS[suite].raw.hex() not in repr(RECIPIENTS[suite])
    assert repr(RECIPIENTS[suite].raw) not in repr(RECIPIENTS[suite])


@every_suite
@pytest.mark.parametrize("length", [0, 31, 33, 1215, 1217])
def test_a_public_key_of_a_wrong_length_is_a_value_error(suite: Suite, length: int) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the library's own text for suite 1
        RecipientPublic(suite, bytes(length)).key()
