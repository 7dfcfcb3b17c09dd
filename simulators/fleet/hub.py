"""One hub of the fleet: its sequence, what waits for a receipt, and what became of it.

A hub without radio and spool, but with a spool's duties: it keeps each envelope until a receipt
that the gateway signed covers it, and sends it again after a while, octet by octet the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from device_profiles.errors import WireError
from device_profiles.wire.body import dump_body
from device_profiles.wire.v1 import (
    Class,
    Place,
    read_receipt,
    topic_down,
    topic_up,
    write_envelope,
)
from simulators.fleet.home import Home
from simulators.fleet.readings import body
from simulators.sample import Sample

# As the real hub waits for what the broker has taken: then twice as long each time, 5 minutes at
# most.
RESEND_FIRST_S: Final = 10.0
RESEND_MOST_S: Final = 300.0
# So many without a receipt, no more: a backlog waits at the hub, not at the broker.
WINDOW: Final = 20
EPOCH: Final = 1
# What could not even be published, because the connection is away, is tried again so soon.
UNSENT_S: Final = 1.0
Publish = Callable[[str, bytes, int], bool]


@dataclass(slots=True)
class Waiting:
    """An envelope without a receipt; times are of the monotonic clock."""

    envelope: bytes
    sent: float
    due: float
    times: int


@dataclass(slots=True)
class Counts:
    """What all hubs of a fleet count together."""

    sent: int = 0
    sent_again: int = 0
    receipted: int = 0
    again: int = 0
    """Receipts of what was receipted already: the answers to what was sent twice."""
    quarantined: int = 0
    refused_receipts: int = 0
    reconnects: int = 0
    delays_s: list[float] = field(default_factory=list)
    last_receipt: float = 0.0


class FleetHub:
    """Seals, sends, listens and counts. `lead` sets the device's clocks back by so much."""

    def __init__(
        self, home: Home, samples: Iterator[Sample], counts: Counts, lead: timedelta = timedelta()
    ) -> None:
        self.home = home
        self.waiting: dict[int, Waiting] = {}
        self.sent = self.receipted = self._under_way = 0
        self._samples = samples
        self._counts = counts
        self._session: UUID = uuid4()
        self._wall = datetime.min.replace(tzinfo=UTC)
        self.lead = lead
        self._up = topic_up(home.hub, Class.ROUTINE)
        self._down = topic_down(home.hub)

    def measure(self, publish: Publish, now: datetime, at: float) -> None:
        """Take the next measurement, seal it and send it. `at` is `now` by the monotonic clock."""
        self.sent += 1
        self._counts.sent += 1
        envelope = self._sealed(self.sent, now)
        sent = self._under_way < WINDOW and publish(self._up, envelope, _ms(now))
        self._under_way += sent
        due = at + (RESEND_FIRST_S if sent else UNSENT_S)
        self.waiting[self.sent] = Waiting(envelope, at, due, times=int(sent))

    def _sealed(self, seq: int, now: datetime) -> bytes:
        sample = next(self._samples)
        # A device's stamp counts whole seconds, and no two measurements have the same.
        wall = (now - self.lead).replace(microsecond=0)
        self._wall = wall = max(wall, self._wall + timedelta(seconds=1))
        device = self.home.devices[sample.kind]
        told = body(sample, device, self._session, seq, wall, now)
        place = Place(
            organisation=self.home.organisation,
            hub=self.home.hub,
            epoch=EPOCH,
            seq=seq,
            sealed_at_ms=_ms(now),
            class_=Class.ROUTINE,
        )
        return write_envelope(dump_body(told), place, self.home.recipient, self.home.signing_key)

    def resend(self, publish: Publish, now: datetime, at: float) -> None:
        """Send again what has waited long enough."""
        for one in self.waiting.values():
            if one.due > at or (not one.times and self._under_way >= WINDOW):
                continue
            if not publish(self._up, one.envelope, _ms(now)):
                one.due = at + UNSENT_S
                continue
            self._counts.sent_again += one.times > 0
            self._under_way += one.times == 0
            one.due = at + min(RESEND_FIRST_S * 2**one.times, RESEND_MOST_S)
            one.times += 1

    def hurry(self) -> None:
        """After a new connection all that waits is due: nobody knows what the old one carried."""
        for one in self.waiting.values():
            one.due = 0.0

    def heard(self, payload: bytes, at: float) -> None:
        """Take a receipt; what nobody signed for us counts for nothing."""
        try:
            receipt = read_receipt(payload, self._down, self.home.hub, self.home.receipt_key)
        except WireError:
            self._counts.refused_receipts += 1
            return
        if receipt.epoch != EPOCH:
            return
        covered = [seq for seq in self.waiting if receipt.covers(seq)]
        for seq in covered:
            one = self.waiting.pop(seq)
            self._under_way -= one.times > 0
            self._counts.delays_s.append(at - one.sent)
        self.receipted += len(covered)
        self._counts.receipted += len(covered)
        self._counts.again += not covered
        self._counts.quarantined += len(receipt.quarantined)
        self._counts.last_receipt = at


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
