"""What is fuzzed: each target reads any octets, and refuses them with its own error or not at all.

`python -m tests.fuzz TARGET` (make fuzz) lets atheris look for octets that reach new lines; without
atheris, test_corpus.py plays the corpus and a fixed number of mutations of it.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import ValidationError

from device_profiles.codecs import decoders, fields
from device_profiles.errors import DecodeError, WireError
from device_profiles.profile import Profile
from device_profiles.reading import Indication, Reading
from device_profiles.registry import PROFILES
from device_profiles.replay import WrongRecording, parse, play
from device_profiles.talk import Consent, Owner
from device_profiles.wire.body import RawBody, ReadingBody, dump_body, load_body
from device_profiles.wire.key_record import BadRecord, read_recipients, read_root
from device_profiles.wire.keys import RecipientPrivate, Suite
from device_profiles.wire.v1 import (
    HEADER,
    Class,
    open_envelope,
    read_header,
    read_receipt,
    topic_down,
    topic_up,
    verify_envelope,
)
from edge_agent.errors import WrongInput
from edge_agent.identity.hub import hub_file_of
from gateway.core.acceptance import Delivery, Hub, Verified, open_body, read_body, verify

Target = Callable[[bytes], None]
HUB: Final = UUID("0190f3c4-0000-7000-8000-00000000000a")
ORGANISATION: Final = UUID("11111111-2222-4333-8444-555555555555")
# The same keys in every process, so that a corpus can hold what they signed.
KEY: Final = Ed25519PrivateKey.from_private_bytes(sha256(b"fuzz signer").digest())
_X25519: Final = X25519PrivateKey.from_private_bytes(sha256(b"fuzz x25519").digest())
RECIPIENTS: Final = {
    Suite.X25519: RecipientPrivate(Suite.X25519, _X25519.private_bytes_raw()),
    Suite.MLKEM768_X25519: RecipientPrivate(
        Suite.MLKEM768_X25519, bytes(range(64)) + _X25519.private_bytes_raw()
    ),
}
ZONE: Final = ZoneInfo("Europe/Vienna")
NOW: Final = datetime(2026, 11, 22, tzinfo=UTC)
GATEWAY_HUB: Final = Hub(HUB, ORGANISATION, True, Suite.X25519, ZONE, KEY.public_key())
UP: Final = [topic_up(HUB, class_) for class_ in Class]


def envelope(octets: bytes) -> None:
    """What the broker delivers, verified and opened as the gateway does."""
    for topic in (*UP, topic_down(HUB), octets[:40].decode("latin-1")):
        with suppress(WireError):
            read_header(octets, topic)
            verify_envelope(octets, topic, KEY.public_key())
        verified = verify(Delivery(topic, octets, NOW), {HUB: GATEWAY_HUB})
        if isinstance(verified, Verified):
            open_body(Delivery(topic, octets, NOW), verified, _by_id())


def signed_envelope(octets: bytes) -> None:
    """The same with a good signature under it: a hub that is ours and broken."""
    head = octets[:6] + ORGANISATION.bytes + HUB.bytes + octets[38 : HEADER.size]
    message = (head + octets[HEADER.size :]) if len(octets) > HEADER.size else octets
    bound = b"HLN-ENV-1 sig\0" + len(UP[1]).to_bytes(2, "big") + UP[1].encode()
    signed = message + KEY.sign(bound + message)
    envelope(signed)
    for recipient in RECIPIENTS.values():
        with suppress(WireError):
            open_envelope(signed, UP[1], recipient)


def _by_id() -> dict[bytes, RecipientPrivate]:
    return {key.public().kid: key for key in RECIPIENTS.values()}


def receipt(octets: bytes) -> None:
    """What comes down to a hub, and the same with the gateway's signature."""
    bound = b"HLN-RCPT-1 sig\0" + len(topic_down(HUB)).to_bytes(2, "big")
    bound += topic_down(HUB).encode()
    for message in (octets, octets + KEY.sign(bound + octets)):
        with suppress(WireError):
            told = read_receipt(message, topic_down(HUB), HUB, KEY.public_key())
            assert len(told.above) <= 8 * len(octets)
            assert not told.covers(0)


def body(octets: bytes) -> None:
    """What an opened envelope says, read up to the readings that would be stored."""
    try:
        said = load_body(octets)
    except ValidationError:
        return
    assert load_body(dump_body(said)) == said
    if isinstance(said, RawBody | ReadingBody):
        read_body(said, ZONE, NOW)


def hub_file(octets: bytes) -> None:
    """hub.toml, as the gateway sends it at enrolment."""
    with suppress(WrongInput):
        hub_file_of(octets.decode("utf-8", "replace"))


def recipients(octets: bytes) -> None:
    """recipients.toml, as the gateway sends it to a hub, and root.pub."""
    text = octets.decode("utf-8", "replace")
    with suppress(BadRecord):
        read_recipients(text, KEY.public_key())
    with suppress(BadRecord):
        read_root(text)


def recording(octets: bytes) -> None:
    """The lines of `hearthline-edge capture`, parsed, not played."""
    with suppress(WrongRecording):
        parse(octets.decode("utf-8", "replace"))


def codecs(octets: bytes) -> None:
    """Every codec; the first octet chooses it."""
    uuids = sorted(decoders())
    codec(uuids[octets[0] % len(uuids)], octets[1:]) if octets else None


def codec(uuid: str, octets: bytes) -> None:
    """One codec: fields that JSON can hold, or a reason in one line."""
    try:
        json.dumps(fields(uuid, octets), allow_nan=False)
    except DecodeError as error:
        reason = str(error)
    else:
        return
    assert len(reason.splitlines()) == 1


def profiles(octets: bytes) -> None:
    """Every profile; the first octet chooses it, the rest are frames of one session."""
    keys = sorted(PROFILES)
    if octets:
        profile(PROFILES[keys[octets[0] % len(keys)]], octets[1:])


def profile(one: Profile, octets: bytes) -> None:
    """One device's session: frames of a number of a characteristic, a length, that many octets."""
    heard = frames(one, octets)
    talk = one.talk(Owner((Consent(1, 1234),)))
    talk.begin()
    for frame in heard:
        talk.heard(frame)
        _clocks(one, frame)
    lines = [{"uuid": frame.uuid, "octets": frame.octets.hex()} for frame in heard]
    for step in play(one, lines):
        for reading in step.readings:
            assert Reading.model_validate_json(reading.model_dump_json()) == reading


def frames(one: Profile, octets: bytes) -> list[Indication]:
    """Cut octets into what the device would have said."""
    uuids, found = spoken(one), []
    while len(octets) >= 2:
        end = 2 + octets[1]
        found.append(Indication(uuid=uuids[octets[0] % len(uuids)], octets=octets[2:end]))
        octets = octets[end:]
    return found


def spoken(one: Profile) -> Sequence[str]:
    """Return every characteristic whose octets a profile may get to see."""
    extra = [uuid for uuid in (one.clock, one.records) if uuid]
    return sorted({*one.subscribe, *one.answers, *one.read, *extra})


def _clocks(one: Profile, frame: Indication) -> None:
    with suppress(DecodeError):
        if one.clock_told:
            one.clock_told(frame)
    with suppress(DecodeError):
        if one.clock_form:
            one.clock_form.decode(frame.octets)
    with suppress(DecodeError):
        if one.session:
            one.session.shown(frame.octets, one.session.count(frame.octets), NOW)


TARGETS: Final[dict[str, Target]] = {
    one.__name__: one
    for one in (
        envelope, signed_envelope, receipt, body, hub_file, recipients, recording, codecs, profiles
    )
}  # fmt: skip
