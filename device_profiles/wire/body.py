"""What an envelope says once opened: a reading, a raw record, a hub's status or a gap.

JSON, UTF-8. `supersedes` lists ranges of seqs, first and last, that this body accounts for.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, TypeAdapter, field_validator

from device_profiles.reading import Frozen, Indication, Reading
from device_profiles.timeline import Basis, ClockCheck


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("this moment lies beyond the calendar in UTC") from None


UtcTime = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Seq = Annotated[int, Field(ge=1, lt=2**63 - 1)]
Range = tuple[Seq, Seq]


class _Body(Frozen):
    supersedes: tuple[Range, ...] = ()

    @field_validator("supersedes")
    @classmethod
    def _ordered(cls, ranges: tuple[Range, ...]) -> tuple[Range, ...]:
        if any(first > last for first, last in ranges):
            raise ValueError("a range of seqs has its first not after its last")
        return ranges


class Arrival(Frozen):
    """How octets came to the hub: from which device, in which connection, when.

    `session` and `order` tell equal octets without a time stamp apart. `clock` is what was known
    of the device's clock before it was set. `hub_clock_ok` is false while the hub's own clock
    is not synchronised.
    """

    device: UUID
    profile: str
    session: UUID
    order: Annotated[int, Field(ge=0, lt=2**63 - 1)]
    received_at: UtcTime
    clock: ClockCheck | None = None
    hub_clock_ok: bool = True


class RawBody(_Body):
    """Octets of one indication, sealed inside the callback; decoded by the gateway."""

    type: Literal["raw"] = "raw"
    arrival: Arrival
    indication: Indication


class ReadingBody(_Body):
    """A decoded reading, with its time corrected by the hub."""

    type: Literal["reading"] = "reading"
    arrival: Arrival
    reading: Reading
    measured_at: UtcTime | None
    basis: Basis
    decoded_at: UtcTime


class DeviceState(Frozen):
    """What a hub knows of one paired device."""

    device: UUID
    last_seen: UtcTime | None = None
    rssi_dbm: int | None = None
    battery_percent: int | None = None
    clock_error_s: float | None = None
    problem: str | None = None


class StatusBody(_Body):
    """A hub's heartbeat. `oldest` is the lowest seq that still waits in the spool, 0 for none."""

    type: Literal["status"] = "status"
    at: UtcTime
    version: str
    boot: UUID
    spool_waiting: int
    spool_bytes: int
    oldest: int
    hub_clock_ok: bool
    devices: tuple[DeviceState, ...] = ()


class GapBody(_Body):
    """The hub had to let go of `supersedes` unsent; `reason` says why."""

    type: Literal["gap"] = "gap"
    at: UtcTime
    reason: str


Body = Annotated[RawBody | ReadingBody | StatusBody | GapBody, Field(discriminator="type")]
_BODY: TypeAdapter[RawBody | ReadingBody | StatusBody | GapBody] = TypeAdapter(Body)


def dump_body(body: RawBody | ReadingBody | StatusBody | GapBody) -> bytes:
    """Return the JSON octets of a body."""
    return body.model_dump_json(exclude_defaults=False).encode()


def load_body(octets: bytes) -> RawBody | ReadingBody | StatusBody | GapBody:
    """Read a body. Raises pydantic's ValidationError, whose text must not be logged."""
    return _BODY.validate_json(octets)


def utc_ms(at: datetime) -> int:
    """Return milliseconds since 1970 UTC."""
    return round(at.timestamp() * 1000)
