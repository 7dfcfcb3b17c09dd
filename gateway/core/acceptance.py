"""What to make of one envelope: verified, then opened, then read. No IO, no database.

The order is fixed: shape, place, hub, signature, organisation; only then is anything decrypted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from device_profiles.codes import TERMS
from device_profiles.errors import DecodeError, WireError
from device_profiles.identity import reading_id
from device_profiles.reading import Reading
from device_profiles.registry import PROFILES
from device_profiles.timeline import FUTURE_WITHIN, Basis, Moment, taken
from device_profiles.wire.body import (
    Arrival,
    GapBody,
    RawBody,
    ReadingBody,
    StatusBody,
    load_body,
)
from device_profiles.wire.keys import RecipientPrivate, Suite
from device_profiles.wire.v1 import Header, open_envelope, read_header, verify_envelope

# The wire counts to 2**64, PostgreSQL's bigint and the end of its ranges to one less than 2**63.
HIGHEST_SEQ: Final = 2**63 - 2
# More than any codec of ours writes.
MOST_SPANS: Final = 512
MOST_VALUES: Final = 64
MOST_FLAGS: Final = 64
LONGEST_WORD: Final = 64
MOST_DIGITS: Final = 20
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Reason(StrEnum):
    """Why an envelope is not accepted. Fixed words, fit for logs and screens."""

    MALFORMED = "malformed"
    WRONG_PLACE = "wrong_place"
    UNKNOWN_HUB = "unknown_hub"
    HUB_NOT_ACTIVE = "hub_not_active"
    WRONG_ORGANISATION = "wrong_organisation"
    SUITE_DOWNGRADE = "suite_downgrade"
    BAD_SIGNATURE = "bad_signature"
    ALTERED_REPLAY = "altered_replay"
    UNKNOWN_RECIPIENT = "unknown_recipient"
    UNOPENABLE = "unopenable"
    UNREADABLE_BODY = "unreadable_body"
    UNKNOWN_PROFILE = "unknown_profile"
    UNDECODABLE = "undecodable"
    NO_READING = "no_reading"
    NO_TRUE_TIME = "no_true_time"
    NOT_PAIRED = "not_paired"
    UNASSIGNED = "unassigned"
    IMPLAUSIBLE_JUMP = "implausible_jump"
    INTERNAL = "internal_error"


# The hub did not say these, or said them when it must not be believed: never receipted, or
# tampering on the way could make a hub let go of a reading.
NEVER_RECEIPTED = frozenset(
    {
        Reason.MALFORMED,
        Reason.WRONG_PLACE,
        Reason.UNKNOWN_HUB,
        Reason.HUB_NOT_ACTIVE,
        Reason.WRONG_ORGANISATION,
        Reason.SUITE_DOWNGRADE,
        Reason.BAD_SIGNATURE,
        Reason.ALTERED_REPLAY,
    }
)


Body = RawBody | ReadingBody | StatusBody | GapBody


@dataclass(frozen=True, slots=True)
class Hub:
    """What the gateway knows of a hub."""

    id: UUID
    organisation: UUID
    active: bool
    suite: Suite
    zone: ZoneInfo
    signing_key: Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Delivery:
    """An MQTT message as it came. `sent_at` is what the hub says; nothing rests on it."""

    topic: str
    envelope: bytes
    received_at: datetime
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Kept in quarantine, with the reason."""

    reason: Reason
    header: Header | None = None
    organisation: UUID | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """Signed by an active hub of ours for this very topic; still sealed."""

    header: Header
    hub: Hub


@dataclass(frozen=True, slots=True)
class Taken:
    """A reading with its place in time, not yet matched to a patient."""

    id: UUID
    reading: Reading
    arrival: Arrival
    measured_at: datetime
    basis: Basis
    decoded_at: datetime | None = None
    """When the hub decoded it; None where the gateway did."""


def claimed_hub(envelope: bytes) -> UUID | None:
    """Return the hub that an envelope claims to come from, before anything is checked."""
    return UUID(bytes=envelope[22:38]) if len(envelope) >= 38 else None


def verify(delivery: Delivery, hubs: Mapping[UUID, Hub]) -> Verified | Refused:
    """Check everything that needs no decryption key."""
    try:
        header = read_header(delivery.envelope, delivery.topic)
    except WireError as error:
        return Refused(Reason(error.code))
    if not 0 < header.seq <= HIGHEST_SEQ or header.epoch > HIGHEST_SEQ:
        return Refused(Reason.MALFORMED)
    hub = hubs.get(header.hub)
    if hub is None:
        return Refused(Reason.UNKNOWN_HUB)
    try:
        verify_envelope(delivery.envelope, delivery.topic, hub.signing_key)
    except WireError as error:
        return Refused(Reason(error.code), None, hub.organisation)
    for reason, holds in (
        (Reason.HUB_NOT_ACTIVE, not hub.active),
        (Reason.WRONG_ORGANISATION, header.organisation != hub.organisation),
        (Reason.SUITE_DOWNGRADE, header.suite < hub.suite),
    ):
        if holds:
            return Refused(reason, header, hub.organisation)
    return Verified(header, hub)


def open_body(
    delivery: Delivery, verified: Verified, recipients: Mapping[bytes, RecipientPrivate]
) -> Body | Refused:
    """Open a verified envelope."""
    header, organisation = verified.header, verified.hub.organisation
    key = recipients.get(header.recipient)
    if key is None or key.suite is not header.suite:
        return Refused(Reason.UNKNOWN_RECIPIENT, header, organisation)
    try:
        body = load_body(open_envelope(delivery.envelope, delivery.topic, key))
    except WireError:
        return Refused(Reason.UNOPENABLE, header, organisation)
    except ValidationError:
        return Refused(Reason.UNREADABLE_BODY, header, organisation)
    if not _sensible(body, header):
        return Refused(Reason.UNREADABLE_BODY, header, organisation)
    return body


def _sensible(body: Body, header: Header) -> bool:
    """Refuse what no hub of ours writes, before it can grow a ledger, a chart or a worklist."""
    spans = body.supersedes
    if len(spans) > MOST_SPANS or any(last >= header.seq for _, last in spans):
        return False
    if not isinstance(body, ReadingBody):
        return True
    reading = body.reading
    texts = [*reading.flags, *(value.unit for value in reading.values)]
    return (
        0 < len(reading.values) <= MOST_VALUES
        and len(reading.flags) <= MOST_FLAGS
        and all(len(text) <= LONGEST_WORD and text.isascii() for text in texts)
        and all(value.mdc in TERMS and _is_small(value.number) for value in reading.values)
        and (reading.user is None or 0 <= reading.user <= 0xFF)
        and 0 < len(reading.octets) <= MOST_VALUES
        and body.arrival.order < HIGHEST_SEQ
    )


def _is_small(number: Decimal | None) -> bool:
    """FLOAT reaches 8388607e127; nothing that is measured at home needs more digits than this."""
    if number is None:
        return True
    return len(number.as_tuple().digits) <= MOST_DIGITS and abs(number.adjusted()) <= MOST_DIGITS


def read_body(
    body: RawBody | ReadingBody, zone: ZoneInfo, arrived: datetime
) -> tuple[Taken, ...] | Reason:
    """Return the readings of a body, each with its corrected time; `arrived` is our own clock's."""
    if not body.arrival.hub_clock_ok or not _possible(body.arrival.received_at, arrived):
        return Reason.NO_TRUE_TIME  # every correction rests on the hub's clock
    if isinstance(body, ReadingBody):
        moment = Moment(at=body.measured_at, basis=body.basis)
        return _timed(((body.reading, moment),), body.arrival, arrived, body.decoded_at)
    profile = PROFILES.get(body.arrival.profile)
    if profile is None:
        return Reason.UNKNOWN_PROFILE
    try:
        readings = profile.readings((body.indication,))
    except DecodeError:
        return Reason.UNDECODABLE
    if not readings:
        return Reason.NO_READING
    arrival = body.arrival
    return _timed(
        tuple(
            (reading, taken(reading, arrival.clock, arrival.received_at, zone))
            for reading in readings
        ),
        arrival,
        arrived,
    )


def _possible(at: datetime, arrived: datetime) -> bool:
    """Nothing is measured before there were such devices, nor after it has arrived."""
    return EARLIEST <= at <= arrived + FUTURE_WITHIN


def _timed(
    moments: tuple[tuple[Reading, Moment], ...],
    arrival: Arrival,
    arrived: datetime,
    decoded_at: datetime | None = None,
) -> tuple[Taken, ...] | Reason:
    placed = tuple(
        Taken(reading_id(reading, arrival), reading, arrival, moment.at, moment.basis, decoded_at)
        for reading, moment in moments
        if moment.at is not None and _possible(moment.at, arrived)
    )
    return placed if len(placed) == len(moments) else Reason.NO_TRUE_TIME
