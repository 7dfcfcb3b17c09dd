"""HLN1 as it was when it was frozen. If a test here fails, the change is wrong, not the file."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.wire.keys import RecipientPrivate, Suite
from device_profiles.wire.v1 import (
    Class,
    Header,
    Place,
    Receipt,
    open_envelope,
    read_header,
    read_receipt,
    topic_down,
    topic_up,
    verify_envelope,
    write_envelope,
    write_receipt,
)
from tests.unit.device_profiles import rfc9180

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "v1" / "golden.json").read_text())
HUB = UUID(GOLDEN["hub"])
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(GOLDEN["hub_signing"]))
GATEWAY = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(GOLDEN["gateway_signing"]))
TOPIC = "hl/1/a/0190f3c4-0000-7000-8000-00000000000a/up/routine"
# First 4 octets of SHA-256 over each public key.
KIDS = {"hub": "9f2de4b0", "gateway": "47d2cc30", "1": "d19bf3f0", "2": "d17125de"}
every_suite = pytest.mark.parametrize(
    "golden", list(GOLDEN["envelopes"].values()), ids=list(GOLDEN["envelopes"])
)


def suite_of(golden: dict[str, str]) -> Suite:
    return Suite(bytes.fromhex(golden["envelope"])[5])


def test_there_is_one_envelope_of_each_suite() -> None:
    assert {suite_of(golden) for golden in GOLDEN["envelopes"].values()} == set(Suite)


@every_suite
def test_it_opens_for_ever(golden: dict[str, str]) -> None:
    envelope = bytes.fromhex(golden["envelope"])
    recipient = RecipientPrivate(suite_of(golden), bytes.fromhex(golden["recipient"]))
    header = read_header(envelope, golden["topic"])
    verify_envelope(envelope, golden["topic"], SIGNER.public_key())
    assert open_envelope(envelope, golden["topic"], recipient) == bytes.fromhex(golden["body"])
    assert header == Header(
        organisation=UUID(GOLDEN["organisation"]),
        hub=HUB,
        epoch=GOLDEN["epoch"],
        seq=GOLDEN["seq"],
        sealed_at_ms=GOLDEN["sealed_at_ms"],
        suite=recipient.suite,
        recipient=recipient.public().kid,
        signer=envelope[42:46],
    )


@every_suite
def test_header_octets(golden: dict[str, str]) -> None:
    """By the table in device_profiles/wire/v1.py, with the times and numbers of the file."""
    suite = int(suite_of(golden))
    by_hand = bytes.fromhex(
        f"484c4e31 01 {suite:02x} 11111111222243338444555555555555"
        " 0190f3c400007000800000000000000a"
        f" {KIDS[str(suite)]} {KIDS['hub']}"
        " 0000000000000003 00000000000003e9 000001a1fd1e8c00"
    )
    assert bytes.fromhex(golden["envelope"])[:70] == by_hand == bytes.fromhex(golden["header"])


@every_suite
def test_what_is_written_today_differs_in_the_sealed_part_only(golden: dict[str, str]) -> None:
    old = bytes.fromhex(golden["envelope"])
    recipient = RecipientPrivate(suite_of(golden), bytes.fromhex(golden["recipient"])).public()
    place = Place(
        UUID(GOLDEN["organisation"]),
        HUB,
        GOLDEN["epoch"],
        GOLDEN["seq"],
        GOLDEN["sealed_at_ms"],
        Class.ROUTINE,
    )
    new = write_envelope(bytes.fromhex(golden["body"]), place, recipient, SIGNER)
    assert new[:70] == old[:70]
    assert len(new) == len(old)
    assert new[70:] != old[70:]


@every_suite
def test_signature_is_over_domain_topic_and_octets(golden: dict[str, str]) -> None:
    envelope = bytes.fromhex(golden["envelope"])
    signed = b"HLN-ENV-1 sig\0" + len(TOPIC).to_bytes(2, "big") + TOPIC.encode() + envelope[:-64]
    SIGNER.public_key().verify(envelope[-64:], signed)


def test_an_independent_receiver_opens_suite_1() -> None:
    golden = GOLDEN["envelopes"]["1"]
    envelope = bytes.fromhex(golden["envelope"])
    info = b"HLN-ENV-1 info\0" + envelope[:70] + len(TOPIC).to_bytes(2, "big") + TOPIC.encode()
    body = rfc9180.open_base(envelope[70:-64], bytes.fromhex(golden["recipient"]), info)
    assert body == bytes.fromhex(golden["body"])


def golden_receipt(told: dict[str, Any]) -> Receipt:
    return Receipt(
        HUB,
        GOLDEN["epoch"],
        told["high_water"],
        frozenset(told["above"]),
        tuple(told["quarantined"]),
    )


def test_receipt_reads_for_ever() -> None:
    told = GOLDEN["receipt"]
    message = bytes.fromhex(told["message"])
    assert read_receipt(message, told["topic"], HUB, GATEWAY.public_key()) == golden_receipt(told)


def test_receipt_octets() -> None:
    """Ed25519 is deterministic: what is written today equals what was written then."""
    message = write_receipt(golden_receipt(GOLDEN["receipt"]), GATEWAY)
    assert message.hex() == GOLDEN["receipt"]["message"]
    # high water 1000; bits 1, 2 and 10 of the bitmap are 1002, 1003 and 1011; quarantined 7, 1003
    by_hand = bytes.fromhex(
        "484c5231 01 0190f3c400007000800000000000000a"
        f" {KIDS['gateway']} 0000000000000003 00000000000003e8 0002 0604"
        " 0002 0000000000000007 00000000000003eb"
    )
    assert message[:-64] == by_hand


def test_topics() -> None:
    assert topic_up(HUB, Class.ROUTINE) == TOPIC == GOLDEN["envelopes"]["1"]["topic"]
    assert topic_up(HUB, Class.ALERT) == "hl/1/a/0190f3c4-0000-7000-8000-00000000000a/up/alert"
    assert topic_up(HUB, Class.STATUS) == "hl/1/a/0190f3c4-0000-7000-8000-00000000000a/up/status"
    assert topic_down(HUB) == "hl/1/a/0190f3c4-0000-7000-8000-00000000000a/down"
