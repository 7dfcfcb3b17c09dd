"""Records that were read and wait, in memory, for a hub clock that can be believed.

Their octets are in the spool, sealed and held. The hub cannot open what it has sealed, so after a
restart they travel as they are, marked, and the gateway charts none of them.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from device_profiles.reading import Reading
from device_profiles.timeline import taken
from device_profiles.wire.body import Arrival, ReadingBody
from device_profiles.wire.v1 import Class
from edge_agent.core.true_time import Anchor, Checked, put_right
from edge_agent.core.urgency import class_of
from edge_agent.errors import SpoolRefused
from edge_agent.logs import log
from edge_agent.ports import Clock, Ref, Spool

# The network tells the time within a minute of being there. A hub that is connected all the same
# must not sit on readings: the gateway can show them as held, with the reason.
LONGEST_S: Final = 900.0
# A reading takes about 2 KB here.
MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Understood:
    """The readings of one group, and all that decides about their time."""

    refs: tuple[Ref, ...]
    readings: tuple[Reading, ...]
    arrival: Arrival
    monotonic: float
    checked: Checked | None

    @property
    def timed(self) -> bool:
        """Say whether all of the hub's times in it are right."""
        return self.arrival.hub_clock_ok and (self.checked is None or self.checked.hub_clock_ok)

    def bodies(self, anchor: Anchor, zone: ZoneInfo) -> list[tuple[Class, ReadingBody]]:
        """Return what is sent, with the corrected times."""
        check = self.checked.put_right(anchor) if self.checked else None
        arrival = put_right(self.arrival, self.monotonic, anchor)
        arrival = arrival.model_copy(update={"clock": check})
        return [
            (class_of(reading), self._body(reading, arrival, anchor.wall, zone))
            for reading in self.readings
        ]

    def _body(
        self, reading: Reading, arrival: Arrival, now: datetime, zone: ZoneInfo
    ) -> ReadingBody:
        moment = taken(reading, arrival.clock, arrival.received_at, zone)
        return ReadingBody(
            arrival=arrival,
            reading=reading,
            measured_at=moment.at,
            basis=moment.basis,
            decoded_at=now,
        )


class HasClock(Protocol):
    """What the waiting room needs of the home."""

    spool: Spool
    clock: Clock
    zone: ZoneInfo


class WaitingForTime:
    """Keeps what was understood until its time is right, or for `LONGEST_S`."""

    def __init__(self, home: HasClock) -> None:
        self._home = home
        self._waiting: deque[Understood] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, understood: Understood) -> None:
        """Put readings in the place of their raw records, at once where their time is known."""
        if understood.timed or self._home.clock.trusted():
            self._replace(understood)
        else:
            self._waiting.append(understood)
            log.info("waits_for_time", device=str(understood.arrival.device))

    def settle(self) -> None:
        """Let go, oldest first, of what has its true time now, or has waited too long."""
        trusted, now = self._home.clock.trusted(), self._home.clock.monotonic()
        while self._waiting:
            late = now - self._waiting[0].monotonic > LONGEST_S or len(self._waiting) > MOST
            if not trusted and not late:
                return
            understood = self._waiting.popleft()
            if trusted:
                self._replace(understood)
            else:
                self._release(understood.refs)

    def _replace(self, understood: Understood) -> None:
        anchor = Anchor(self._home.clock.now(), self._home.clock.monotonic())
        try:
            self._home.spool.replace(understood.refs, understood.bodies(anchor, self._home.zone))
        except SpoolRefused:  # the raw records are kept, and say the same
            self._release(understood.refs)
            return
        device, seq = str(understood.arrival.device), understood.refs[0].seq
        log.info("reading_kept", device=device, seq=seq)

    def _release(self, refs: Sequence[Ref]) -> None:
        try:
            self._home.spool.release(refs)
        except SpoolRefused:
            return  # they stay held, and are released at the next start
