"""The agent's ports: what it asks of the spool, the radio, the clock and the link up."""

import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol
from uuid import UUID

from device_profiles.gatt import Uuid
from device_profiles.wire.body import GapBody, RawBody, ReadingBody, StatusBody
from device_profiles.wire.v1 import Class, Receipt
from edge_agent.core.indication import State

Body = RawBody | ReadingBody | StatusBody | GapBody


class Clock(Protocol):
    """The hub's own time."""

    @property
    def boot(self) -> UUID:
        """Return what tells this run of the machine from every other."""

    def now(self) -> datetime:
        """Return the time in UTC, right or not."""

    def monotonic(self) -> float:
        """Return seconds that never jump."""

    def trusted(self) -> bool:
        """Say whether `now` can be believed."""


class Ref(NamedTuple):
    """One row of the spool. The epoch is part of it: a renewed spool counts from 1 again."""

    epoch: int
    seq: int


@dataclass(frozen=True, slots=True)
class Row:
    """A sealed envelope that waits for its receipt. `attempts` is how often it was published."""

    ref: Ref
    class_: Class
    envelope: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class Depth:
    """How much waits. `oldest` is 0 where nothing does."""

    waiting: int
    octets: int
    oldest: int
    readings: bool = False
    """Whether there is a measurement among what waits."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far a device's stored records were pulled, and when all of them were last."""

    sequence: int
    full_pull: datetime


class Problem(StrEnum):
    """What keeps the spool from its promise; fixed words, fit for a log."""

    DAMAGED = "spool_damaged"
    DROPPED = "spool_dropped"
    REFUSED = "spool_full"


class Spool(Protocol):
    """Keeps every sealed envelope until the gateway's receipt. Each call is committed on return.

    A row is `held` until its session decides what becomes of it, then `ready` to be sent; a ready
    row never changes. Raises SpoolRefused where nothing may be dropped for something new.
    """

    @property
    def epoch(self) -> int:
        """Return the number of this spool in the hub's life."""

    @property
    def problems(self) -> Mapping[Problem, datetime]:
        """Return what went wrong since the start, with its last time."""

    def hold(self, body: RawBody) -> Ref:
        """Seal and keep a raw record; it is not sent yet."""

    def put(self, body: Body, class_: Class) -> Ref:
        """Seal and keep a body, ready at once. A status takes the place of one never sent."""

    def replace(
        self, held: Sequence[Ref], bodies: Sequence[tuple[Class, ReadingBody | RawBody]]
    ) -> None:
        """Put readings, ready at once, in the place of the held rows that they were read from.

        A raw body takes the place of one whose arrival was not right.
        """

    def release(self, held: Sequence[Ref] | None = None) -> int:
        """Make held rows, or all of them, ready as they are; return how many."""

    def pending(
        self, limit: int, without: frozenset[int] = frozenset(), backlog: int = 0
    ) -> Sequence[Row]:
        """Return ready rows, alerts first, then by seq; never the seqs in `without`.

        A part of them is for the newest, so that they need not wait for a backlog: for those
        above the seq where it ends.
        """

    def sent(self, seqs: Sequence[int]) -> None:
        """Note, before publishing, that these rows are about to leave."""

    def apply(self, receipt: Receipt) -> int:
        """Let go of the sent rows that a verified receipt covers; return how many."""

    def depth(self) -> Depth:
        """Return how much waits."""

    def bookmark(self, device: UUID) -> Bookmark | None:
        """Return how far the device's stored records were pulled."""

    def remember(self, device: UUID, bookmark: Bookmark) -> None:
        """Keep how far they were pulled; all of them are in the spool already."""

    def close(self) -> None:
        """Let go of the file."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """An advertisement of a device that this hub may listen to."""

    address: str
    name: str
    rssi_dbm: int
    handle: object
    """What the radio needs to connect."""
    services: tuple[Uuid, ...] = ()
    """What it advertises of what it has; often not all."""


class Link(Protocol):
    """A connection to one device. Every call has a time limit of its own.

    They raise DeviceRefused, and DeviceLost once the connection is over.
    """

    def has(self, uuid: Uuid) -> bool:
        """Say whether the device has this characteristic."""

    def indicates(self, uuid: Uuid) -> bool:
        """Say whether it may indicate it, and so delete the value once that was confirmed."""

    def services(self) -> Sequence[Uuid]:
        """Return the UUIDs of all services."""

    async def subscribe(self, uuid: Uuid, take: Callable[[bytes], None]) -> None:
        """Call `take` with each indication or notification, in the radio's own callback."""

    async def read(self, uuid: Uuid) -> bytes:
        """Return a characteristic's value."""

    async def write(self, uuid: Uuid, octets: bytes) -> None:
        """Write a characteristic with response."""

    async def hung_up(self) -> None:
        """Return when the device, or the radio under it, is gone."""

    def drop(self) -> None:
        """Give the connection up at once; it is over for everybody who waits on it."""


class Radio(Protocol):
    """The Bluetooth of this machine."""

    @property
    def available(self) -> bool:
        """Say whether it scans."""

    def sightings(self, take: Callable[[Sighting], None]) -> None:
        """Call `take` for every advertisement of an allowed device."""

    def starts(self, take: Callable[[], None]) -> None:
        """Call `take` each time that the Bluetooth service is there anew."""

    def connect(self, sighting: Sighting, *, pair: bool) -> AbstractAsyncContextManager[Link]:
        """Connect, pairing first if asked to and not paired yet. Raises DeviceLost."""

    def reset(self) -> None:
        """Power the adapter off and on as soon as no connection is open."""

    async def run(self) -> None:
        """Scan for ever, through restarts of the Bluetooth service."""


class Indicator(Protocol):
    """What the patient sees of the hub: lights, or nothing."""

    def show(self, state: State, tick: int) -> None:
        """Show a state; `tick` counts eighths of a second, for what moves."""

    def close(self) -> None:
        """Go dark. A second call does nothing."""


class Answer(StrEnum):
    """What the broker said to one envelope."""

    TAKEN = "taken"
    NOBODY_LISTENS = "nobody_listens"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The broker answered to an envelope. It is no receipt."""

    seq: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Downlink:
    """A message from the gateway's side of the broker, not verified yet."""

    topic: str
    payload: bytes


class Connection(Protocol):
    """One connection to the broker, subscribed to the hub's downlink already."""

    def publish(self, row: Row, sent_at: datetime) -> None:
        """Start to publish a row; the answer comes with `events`. Raises BrokerUnavailable."""

    def events(self) -> AsyncIterator[Acknowledged | Downlink]:
        """Return what the broker says. Raises BrokerUnavailable when the connection ends."""


class Login(Protocol):
    """What the hub shows the broker."""

    def context(self) -> ssl.SSLContext:
        """Return the TLS of the next attempt. Raises WrongInput."""

    def worked(self) -> None:
        """Note that the broker took what was shown last."""


class Uplink(Protocol):
    """The way to the broker."""

    def connect(self) -> AbstractAsyncContextManager[Connection]:
        """Connect and subscribe. Raises BrokerUnavailable."""
