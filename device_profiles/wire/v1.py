r"""HLN1, the sealed envelope up and the signed receipt down. Frozen: `tests/golden` holds it.

Envelope, big-endian:
    off len field
    0   4   magic 'HLN1'
    4   1   version = 1
    5   1   suite (see `Suite`; the numbers are ours, their RFC 9180 identifiers are in keys.py)
    6   16  organisation
    22  16  hub
    38  4   recipient key id = SHA-256(public key)[:4], a look-up hint only
    42  4   signing key id, likewise
    46  8   epoch: +1 when the spool is made anew or the hub enrols again
    54  8   seq: strictly increasing in (hub, epoch)
    62  8   sealed at, ms since 1970 UTC; 0 = the hub's clock was not trusted
    70  n   HPKE enc || ciphertext || tag
    ..  64  Ed25519 over 'HLN-ENV-1 sig\0' || u16 len(topic) || topic || all octets before
    HPKE info = 'HLN-ENV-1 info\0' || octets[0:70] || u16 len(topic) || topic

Receipt, big-endian, cumulative (a lost one does no harm):
    0   4   magic 'HLR1'
    4   1   version = 1
    5   16  hub
    21  4   signing key id of the gateway
    25  8   epoch
    33  8   high water: every seq from 1 to here is accounted for
    41  2   length b of the bitmap
    43  b   bitmap: bit i (least significant first) is seq high water + 1 + i
    ..  2   count q of quarantined seqs told by this receipt
    ..  8q  those seqs
    ..  64  Ed25519 over 'HLN-RCPT-1 sig\0' || u16 len(topic) || topic || all octets before
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from device_profiles.errors import WireError
from device_profiles.wire.keys import RecipientPrivate, RecipientPublic, Suite, key_id, open_, seal

MAGIC: Final = b"HLN1"
RECEIPT_MAGIC: Final = b"HLR1"
VERSION: Final = 1
SIGNATURE: Final = 64
HEADER: Final = struct.Struct(">4sBB16s16s4s4sQQQ")
RECEIPT_HEADER: Final = struct.Struct(">4sB16s4sQQH")
OVERHEAD: Final = {Suite.X25519: 182, Suite.MLKEM768_X25519: 1270}
# Larger than any reading; it bounds what a broken or hostile hub can make the gateway keep.
MAX_ENVELOPE: Final = 16_384
# Octets, so a receipt tells of 8192 seqs past its high water; later ones wait for the gap to close.
MAX_BITMAP: Final = 1_024
MAX_QUARANTINED: Final = 512


class Class(IntEnum):
    """What an envelope is about, as far as its topic tells; lower is more urgent."""

    ALERT = 0
    ROUTINE = 1
    STATUS = 2


class Malformed(WireError):
    """These octets have not the shape of the message."""

    code = "malformed"


class WrongPlace(WireError):
    """Header and topic name different hubs or shards."""

    code = "wrong_place"


class BadSignature(WireError):
    """The signature does not belong to these octets on this topic."""

    code = "bad_signature"


class Unopenable(WireError):
    """Signed by the hub, but not sealed to the key that it names."""

    code = "unopenable"


def shard(hub: UUID) -> str:
    """Return the last hex digit of a hub's UUID: its shard, one of 16."""
    return hub.hex[-1]


def topic_up(hub: UUID, class_: Class) -> str:
    """Return where a hub publishes envelopes."""
    return f"hl/1/{shard(hub)}/{hub}/up/{class_.name.lower()}"


def topic_down(hub: UUID) -> str:
    """Return where a hub hears receipts."""
    return f"hl/1/{shard(hub)}/{hub}/down"


@dataclass(frozen=True, slots=True)
class Header:
    """Who sealed an envelope, for whom, and its place in the hub's sequence."""

    organisation: UUID
    hub: UUID
    epoch: int
    seq: int
    sealed_at_ms: int
    suite: Suite
    recipient: bytes
    signer: bytes

    def pack(self) -> bytes:
        """Return the 70 octets of the header."""
        return HEADER.pack(
            MAGIC,
            VERSION,
            self.suite,
            self.organisation.bytes,
            self.hub.bytes,
            self.recipient,
            self.signer,
            self.epoch,
            self.seq,
            self.sealed_at_ms,
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a hub's life an envelope stands."""

    organisation: UUID
    hub: UUID
    epoch: int
    seq: int
    sealed_at_ms: int
    class_: Class


def _bound(domain: bytes, topic: str) -> bytes:
    name = topic.encode()
    return domain + struct.pack(">H", len(name)) + name


def _info(header: bytes, topic: str) -> bytes:
    return b"HLN-ENV-1 info\0" + _bound(header, topic)


def _sign(key: Ed25519PrivateKey, domain: bytes, topic: str, message: bytes) -> bytes:
    return message + key.sign(_bound(domain, topic) + message)


def _verify(key: Ed25519PublicKey, domain: bytes, topic: str, message: bytes) -> None:
    signed, signature = message[:-SIGNATURE], message[-SIGNATURE:]
    try:
        key.verify(signature, _bound(domain, topic) + signed)
    except InvalidSignature as error:
        raise BadSignature("the signature does not belong to this message") from error


def write_envelope(
    body: bytes, place: Place, recipient: RecipientPublic, signer: Ed25519PrivateKey
) -> bytes:
    """Seal `body` so that only the recipient opens it, and sign it for its topic."""
    topic = topic_up(place.hub, place.class_)
    header = Header(
        organisation=place.organisation,
        hub=place.hub,
        epoch=place.epoch,
        seq=place.seq,
        sealed_at_ms=place.sealed_at_ms,
        suite=recipient.suite,
        recipient=recipient.kid,
        signer=key_id(signer.public_key().public_bytes_raw()),
    ).pack()
    sealed = seal(recipient, body, _info(header, topic))
    return _sign(signer, b"HLN-ENV-1 sig\0", topic, header + sealed)


def read_header(envelope: bytes, topic: str) -> Header:
    """Check length, magic, version, suite and place. Raises Malformed or WrongPlace."""
    if not HEADER.size + SIGNATURE < len(envelope) <= MAX_ENVELOPE:
        raise Malformed(f"an envelope has not {len(envelope)} octets")
    magic, version, suite, organisation, hub, recipient, signer, epoch, seq, at = HEADER.unpack(
        envelope[: HEADER.size]
    )
    if magic != MAGIC or version != VERSION:
        raise Malformed("this is not an HLN1 envelope of version 1")
    if suite not in OVERHEAD:
        raise Malformed(f"suite {suite} is unknown")
    if len(envelope) < OVERHEAD[suite]:
        raise Malformed(f"an envelope of suite {suite} has not {len(envelope)} octets")
    header = Header(
        organisation=UUID(bytes=organisation),
        hub=UUID(bytes=hub),
        epoch=epoch,
        seq=seq,
        sealed_at_ms=at,
        suite=Suite(suite),
        recipient=recipient,
        signer=signer,
    )
    if topic not in {topic_up(header.hub, class_) for class_ in Class}:
        raise WrongPlace("the envelope names another hub than its topic")
    return header


def verify_envelope(envelope: bytes, topic: str, signer: Ed25519PublicKey) -> None:
    """Check the hub's signature; needs no decryption key. Raises BadSignature."""
    _verify(signer, b"HLN-ENV-1 sig\0", topic, envelope)


def open_envelope(envelope: bytes, topic: str, recipient: RecipientPrivate) -> bytes:
    """Return the body of a verified envelope. Raises Unopenable."""
    header, sealed = envelope[: HEADER.size], envelope[HEADER.size : -SIGNATURE]
    try:
        return open_(recipient, sealed, _info(header, topic))
    except (InvalidTag, ValueError) as error:
        raise Unopenable("the envelope does not open with the key that it names") from error


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the gateway has accounted for in one epoch of one hub."""

    hub: UUID
    epoch: int
    high_water: int
    above: frozenset[int] = frozenset()
    quarantined: tuple[int, ...] = ()

    def covers(self, seq: int) -> bool:
        """Say whether the hub may let go of `seq`."""
        return 0 < seq <= self.high_water or seq in self.above


def write_receipt(receipt: Receipt, signer: Ed25519PrivateKey) -> bytes:
    """Sign a receipt for its hub's topic. Seqs beyond the bitmap's reach wait for a later one."""
    first = receipt.high_water + 1
    bits = sum(1 << (seq - first) for seq in receipt.above if 0 <= seq - first < 8 * MAX_BITMAP)
    bitmap = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    told = receipt.quarantined[:MAX_QUARANTINED]
    message = RECEIPT_HEADER.pack(
        RECEIPT_MAGIC,
        VERSION,
        receipt.hub.bytes,
        key_id(signer.public_key().public_bytes_raw()),
        receipt.epoch,
        receipt.high_water,
        len(bitmap),
    )
    message += bitmap + struct.pack(f">H{len(told)}Q", len(told), *told)
    return _sign(signer, b"HLN-RCPT-1 sig\0", topic_down(receipt.hub), message)


def read_receipt(message: bytes, topic: str, hub: UUID, signer: Ed25519PublicKey) -> Receipt:
    """Check and read a receipt for `hub`. Raises Malformed, WrongPlace or BadSignature."""
    if len(message) < RECEIPT_HEADER.size + 2 + SIGNATURE:
        raise Malformed(f"a receipt has not {len(message)} octets")
    magic, version, for_hub, _, epoch, high_water, length = RECEIPT_HEADER.unpack_from(message)
    if magic != RECEIPT_MAGIC or version != VERSION:
        raise Malformed("this is not an HLR1 receipt of version 1")
    if for_hub != hub.bytes or topic != topic_down(hub):
        raise WrongPlace("the receipt is for another hub")
    _verify(signer, b"HLN-RCPT-1 sig\0", topic, message)
    end = RECEIPT_HEADER.size + length
    (count,) = struct.unpack_from(">H", message, end) if end + 2 <= len(message) else (0,)
    if end + 2 + 8 * count + SIGNATURE != len(message):
        raise Malformed("the lengths inside the receipt do not add up")
    bits = int.from_bytes(message[RECEIPT_HEADER.size : end], "little")
    above = frozenset(high_water + 1 + i for i in range(bits.bit_length()) if bits >> i & 1)
    told = struct.unpack_from(f">{count}Q", message, end + 2)
    return Receipt(hub, epoch, high_water, above, tuple(told))
