"""The text with which a hub tells of a device that it has paired."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.reading import Kind
from device_profiles.wire.pairing import BadProof, PairingProof, read_proof

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PROOF = PairingProof(
    hub=UUID(int=1),
    device=UUID(int=2),
    address="C0:FF:EE:00:00:01",
    profile="generic_cuff",
    kind=Kind.BLOOD_PRESSURE,
    at=datetime(2026, 11, 22, 7, 0, tzinfo=UTC),
)
# Written once and kept: texts of today must be read by the gateways of tomorrow.
TEXT = (
    "hlp:1?hub=00000000-0000-0000-0000-000000000001&device=00000000-0000-0000-0000-000000000002"
    "&address=C0:FF:EE:00:00:01&profile=generic_cuff&kind=blood_pressure&at=1795330800&s="
)


def test_it_is_read_as_it_was_signed() -> None:
    text = PROOF.signed(KEY)
    assert text.startswith(TEXT)
    assert read_proof(f" {text}\n", KEY.public_key()) == PROOF
    timeless = PROOF.model_copy(update={"at": None})
    assert read_proof(timeless.signed(KEY), KEY.public_key()) == timeless


def test_every_letter_counts() -> None:
    text = PROOF.signed(KEY)
    for place in range(len(text) - 1):  # the last one holds bits that mean nothing
        other = "A" if text[place] != "A" else "B"
        with pytest.raises(BadProof):
            read_proof(text[:place] + other + text[place + 1 :], KEY.public_key())


@pytest.mark.parametrize("cut", [0, 3, 60, len(TEXT), -1])
def test_half_of_it_is_refused(cut: int) -> None:
    with pytest.raises(BadProof) as refused:
        read_proof(PROOF.signed(KEY)[:cut], KEY.public_key())
    assert "C0:FF" not in str(refused.value)


def test_another_hubs_is_refused() -> None:
    with pytest.raises(BadProof, match="not signed"):
        read_proof(PROOF.signed(KEY), Ed25519PrivateKey.generate().public_key())


def test_what_a_hub_signs_is_still_checked() -> None:
    wrong = PROOF.model_copy(update={"profile": "../x"}).signed(KEY)
    with pytest.raises(BadProof, match="not whole"):
        read_proof(wrong, KEY.public_key())
