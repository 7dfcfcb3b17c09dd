"""Made tests/golden/v1/golden.json, once: `python -m tests.golden.make_v1`. HLN1 is frozen.

It refuses to write over the file: an envelope sealed today must open for ever. Its keys are for
tests only; the seeds are written out so that everybody sees that.
"""

import json
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.wire.keys import RecipientPrivate, Suite
from device_profiles.wire.v1 import (
    HEADER,
    Class,
    Place,
    Receipt,
    topic_down,
    topic_up,
    write_envelope,
    write_receipt,
)

GOLDEN = Path(__file__).parent / "v1" / "golden.json"
ORGANISATION = UUID("11111111-2222-4333-8444-555555555555")
HUB = UUID("0190f3c4-0000-7000-8000-00000000000a")
HUB_SEED, GATEWAY_SEED = b"hub signing key of the tests...!", b"gateway signing key of the tests"
RECIPIENTS = {
    Suite.X25519: b"\x11" * 32,
    Suite.MLKEM768_X25519: b"\x22" * 64 + b"\x33" * 32,
}
BODY = b'{"golden": "HLN1 version 1"}'
RECEIPT = Receipt(HUB, 3, 1000, frozenset({1002, 1003, 1011}), (7, 1003))


def envelope(suite: Suite) -> dict[str, str]:
    """Return one envelope with what opens it."""
    recipient = RecipientPrivate(suite, RECIPIENTS[suite])
    place = Place(ORGANISATION, HUB, 3, 1001, 1_795_248_000_000, Class.ROUTINE)
    sealed = write_envelope(
        BODY, place, recipient.public(), Ed25519PrivateKey.from_private_bytes(HUB_SEED)
    )
    return {
        "recipient": recipient.raw.hex(),
        "topic": topic_up(HUB, Class.ROUTINE),
        "header": sealed[: HEADER.size].hex(),
        "body": BODY.hex(),
        "envelope": sealed.hex(),
    }


def main() -> None:
    """Write the file."""
    gateway = Ed25519PrivateKey.from_private_bytes(GATEWAY_SEED)
    golden = {
        "organisation": str(ORGANISATION),
        "hub": str(HUB),
        "hub_signing": HUB_SEED.hex(),
        "gateway_signing": GATEWAY_SEED.hex(),
        "epoch": 3,
        "seq": 1001,
        "sealed_at_ms": 1_795_248_000_000,
        "envelopes": {str(int(suite)): envelope(suite) for suite in Suite},
        "receipt": {
            "topic": topic_down(HUB),
            "high_water": RECEIPT.high_water,
            "above": sorted(RECEIPT.above),
            "quarantined": RECEIPT.quarantined,
            "message": write_receipt(RECEIPT, gateway).hex(),
        },
    }
    with GOLDEN.open("x") as file:
        json.dump(golden, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
