"""The corpus: lines of hex by target, from captures and golden vectors, and what fuzzing found.

`python -m tests.fuzz.corpus` writes the lines that come from captures anew; found ones stay.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from device_profiles.codecs import decoders
from device_profiles.gatt import sig
from device_profiles.registry import PROFILES
from device_profiles.wire.keys import Suite
from tests.fixtures.hub import raw, reading, status
from tests.fuzz.targets import HUB, KEY, ORGANISATION, RECIPIENTS, TARGETS, spoken

FOLDER: Final = Path(__file__).parent / "corpus"
CAPTURES: Final = Path(__file__).parents[1] / "captures"
LONGEST: Final = 1024  # octets of a session; more says nothing new


def lines(target: str) -> list[bytes]:
    """Return a target's corpus."""
    path = FOLDER / f"{target}.txt"
    written = path.read_text().splitlines() if path.exists() else []
    return [bytes.fromhex(line) for line in written if not line.startswith("#")]


def mutations(target: str, count: int, chance: random.Random) -> Iterator[bytes]:
    """Yield octets near the corpus: flipped, cut, doubled, joined, or made up."""
    known = [*lines(target), b""]
    for _ in range(count):
        octets = bytearray(chance.choice(known))
        for _ in range(chance.randint(1, 4)):
            _mutate(octets, known, chance)
        yield bytes(octets)


def _mutate(octets: bytearray, known: list[bytes], chance: random.Random) -> None:
    at = chance.randint(0, len(octets))
    match chance.randrange(6):
        case 0:
            octets[at : at + 1] = chance.randbytes(1)
        case 1:
            del octets[at:]
        case 2:
            octets[at:at] = chance.randbytes(chance.randint(1, 8))
        case 3:
            octets[at : at + 4] = chance.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\x07"])
        case 4:
            other = chance.choice(known)
            octets[at:] = other[min(at, len(other)) :]
        case _:
            del octets[at : at + chance.randint(1, 4)]


def _of_captures() -> dict[str, list[bytes]]:
    gatt = [json.loads(line) for line in (CAPTURES / "gatt.jsonl").read_text().splitlines()]
    uuids = sorted(decoders())
    codecs = []
    for line in gatt:
        name = line["uuid"].lower()
        uuid = name if name in uuids else sig(line["uuid"])
        if uuid in uuids:
            codecs.append(bytes([uuids.index(uuid)]) + bytes.fromhex(line["hex"]))
    recordings = sorted((CAPTURES / "devices").glob("*.jsonl"))
    return {
        "codecs": codecs,
        "profiles": [_session(path) for path in recordings],
        "recording": [path.read_bytes()[:LONGEST] for path in recordings[:6]],
        **_wire(),
    }


def _session(path: Path) -> bytes:
    """Return a recorded session as the target takes it."""
    keys, one = sorted(PROFILES), PROFILES[path.stem]
    uuids, session = spoken(one), bytearray([keys.index(path.stem)])
    for line in path.read_text().splitlines():
        told = json.loads(line)
        if "octets" in told and sig(told["uuid"]) in uuids and len(session) < LONGEST:
            octets = bytes.fromhex(told["octets"])[:255]
            session += bytes([uuids.index(sig(told["uuid"])), len(octets)]) + octets
    return bytes(session)


def _wire() -> dict[str, list[bytes]]:
    from device_profiles.wire.body import dump_body
    from device_profiles.wire.v1 import Class, Place, Receipt, write_envelope, write_receipt

    bodies = [dump_body(one) for one in (raw(), reading(), status())]
    place = Place(ORGANISATION, HUB, 1, 7, 0, Class.ROUTINE)
    sealed = [
        write_envelope(body, place, key.public(), KEY)
        for key in RECIPIENTS.values()
        for body in bodies[:1]
    ]
    receipts = [
        write_receipt(Receipt(HUB, 3, 100, frozenset({102, 130}), (90, 102)), KEY),
        write_receipt(Receipt(HUB, 3, 0), KEY),
    ]
    text = (
        f'hub = "{HUB}"\norganisation = "{ORGANISATION}"\ntimezone = "Europe/Vienna"\n'
        f'receipt_keys = ["{"11" * 32}"]\n[broker]\nhost = "localhost"\nport = 8883\n'
        f'[[recipients]]\nsuite = 1\npublic = "{"22" * 32}"\n'
        "not_before = 2026-01-01T00:00:00Z\nnot_after = 2027-01-01T00:00:00Z\n"
        f'[[devices]]\nid = "{HUB}"\naddress = "C0:FF:EE:00:00:01"\nprofile = "generic_cuff"\n'
    )
    return {
        "body": bodies,
        "envelope": sealed,
        "signed_envelope": [one[:-64] for one in sealed],
        "receipt": [*receipts, *(one[:-64] for one in receipts)],
        "hub_file": [text.encode()],
        "recipients": [_recipients(), b"22" * 32],
    }


def _recipients() -> bytes:
    from device_profiles.wire.hub_file import RecipientRecord
    from device_profiles.wire.key_record import sign_record
    from tests.fixtures.hub import ALWAYS

    public = RECIPIENTS[Suite.X25519].public()
    bare = RecipientRecord(
        suite=public.suite, public=public.raw, not_before=ALWAYS[0], not_after=ALWAYS[1]
    )
    signed = sign_record(bare, KEY)
    return (
        f'version = 1\n[[records]]\nkid = "{signed.kid.hex()}"\nsuite = 1\n'
        f'public = "{signed.public.hex()}"\nnot_before = 2020-01-01T00:00:00Z\n'
        f'not_after = 2100-01-01T00:00:00Z\nsignature = "{signed.signature.hex()}"\n'
    ).encode()


def main() -> None:
    """Write what comes from captures and keep, below the mark, what was found."""
    for target, known in _of_captures().items():
        path = FOLDER / f"{target}.txt"
        old = path.read_text() if path.exists() else ""
        found = old.partition("# found\n")[2]
        text = "\n".join(dict.fromkeys(one.hex() for one in known))
        path.write_text(f"# {TARGETS[target].__doc__}\n{text}\n# found\n{found}")


if __name__ == "__main__":
    main()
