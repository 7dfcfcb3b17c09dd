"""Drives all hubs of the fleet from one thread: connects them, lets each measure in its turn."""

import contextlib
import gc
import selectors
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Final

from simulators.fleet.hub import Counts, FleetHub
from simulators.fleet.session import Session
from simulators.programs import ProgramFailed

# How often each hub is looked at for keep-alive, what to send again and lost connections.
TICK_S: Final = 1.0
# The loop looks at the clock this often, also when nothing arrives.
PAUSE_S: Final = 0.02
READY_WITHIN_S: Final = 30.0
# How long after its time the last measurement may still be sent, and the last receipt may come.
GRACE_S: Final = 5.0
FIRST_WAIT_S: Final = 0.5
MOST_WAIT_S: Final = 60.0

Progress = Callable[[str, int, int], None]
Beside = Callable[[int, FleetHub, Session], None]
"""What else a hub publishes beside the measurement with this number."""


@dataclass(slots=True)
class Line:
    """A hub and its connection; `retry_at` is when a lost one is made anew."""

    hub: FleetHub
    session: Session
    connect: Callable[[], Session]
    stream: ssl.SSLSocket | None = None
    losses: int = 0
    retry_at: float = 0.0


@dataclass(slots=True)
class Pace:
    """How the fleet kept its time, by the monotonic clock."""

    start: float = 0.0
    end: float = 0.0
    """When the last measurement was sent for the first time."""
    late_s: float = 0.0
    """The longest that a measurement was sent after its time."""
    connected_s: float = 0.0


@dataclass(slots=True)
class Fleet:
    """All hubs. Make it with `connect`, then `measure`, then `drain`."""

    counts: Counts
    tell: Progress
    pace: Pace = field(default_factory=Pace)
    _lines: list[Line] = field(default_factory=list)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _ticks: int = 0
    _ticked: float = 0.0

    @property
    def hubs(self) -> list[FleetHub]:
        """Return the hubs."""
        return [line.hub for line in self._lines]

    @property
    def waiting(self) -> int:
        """Return how many envelopes wait for their receipt."""
        return self.counts.sent - self.counts.receipted

    def connect(self, hubs: Sequence[FleetHub]) -> None:
        """Connect and subscribe them, one handshake after the other. Raises ProgramFailed."""
        started = time.monotonic()
        for number, hub in enumerate(hubs, start=1):
            make = partial(_session, hub, hub.home.tls())
            line = Line(hub, make(), make)
            try:
                self._open(line)
            except OSError as error:
                raise ProgramFailed(
                    f"Hub {number} of {len(hubs)} cannot connect: {error}"
                ) from None
            self._lines.append(line)
            self._serve(0)
            self.tell("connect", number, len(hubs))
        self._until(self._all_ready, READY_WITHIN_S)
        if not self._all_ready():
            raise ProgramFailed("Not every hub could subscribe to its receipts.")
        self.pace.connected_s = time.monotonic() - started

    def measure(self, count: int, rate: float, seed: int, beside: Beside | None = None) -> None:
        """Send `count` readings at `rate` a second, each hub in its turn, in a shuffled order.

        Fewer where this machine does not give the time: it ends `GRACE_S` after its time.
        """
        gc.freeze()  # a thousand hubs stay; looking through them again and again is for nothing
        order = list(self._lines)
        Random(seed).shuffle(order)  # noqa: S311 - no secret
        self.pace.start = start = time.monotonic()
        for number in range(count):
            due = start + number / rate
            while (now := time.monotonic()) < due:
                self._serve(min(PAUSE_S, due - now))
            self.pace.late_s = max(self.pace.late_s, now - due)
            if now > start + count / rate + GRACE_S:
                break
            line = order[number % len(order)]
            line.hub.measure(line.session.publish, datetime.now(UTC), time.monotonic())
            if beside is not None:
                beside(number, line.hub, line.session)
            if number % 8 == 0:  # what arrives is heard even while the fleet is late
                self._serve(0)
                self.tell("measure", number + 1, count)
        self.pace.end = time.monotonic()

    def drain(self, seconds: float) -> None:
        """Wait until everything is receipted, but no longer than so many seconds."""
        self._until(lambda: self.waiting == 0, seconds)

    def close(self) -> None:
        """Leave the broker."""
        for line in self._lines:
            line.session.close()
        self._selector.close()

    def _all_ready(self) -> bool:
        return all(line.session.ready for line in self._lines)

    def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            self._serve(PAUSE_S)
            self.tell("drain", self.counts.receipted, self.counts.sent)

    def _serve(self, seconds: float) -> None:
        """Read what arrives within so long; look after a part of the hubs."""
        for key, _ in self._selector.select(seconds):
            line: Line = key.data
            line.session.read()
            if line.session.stream is None:
                self._lost(line)
        self._look_after()

    def _look_after(self) -> None:
        """Every hub once a `TICK_S`, a few at a time, so that no moment is longer than others."""
        now = time.monotonic()
        if not self._lines:
            return
        share = min(1.0, (now - self._ticked) / TICK_S)
        count = int(len(self._lines) * share)
        if count:
            self._ticked = now
        for _ in range(count):
            self._ticks = (self._ticks + 1) % len(self._lines)
            self._tick(self._lines[self._ticks], now)

    def _tick(self, line: Line, now: float) -> None:
        if line.session.stream is not None:
            if line.session.stuck:
                line.session.write()
            line.session.tick(now)
            if line.session.ready:
                line.hub.resend(line.session.publish, datetime.now(UTC), now)
        elif line.retry_at == 0.0:
            self._lost(line)
        elif line.retry_at <= now:
            self._again(line)

    def _lost(self, line: Line) -> None:
        if line.stream is not None:
            with contextlib.suppress(KeyError):
                self._selector.unregister(line.stream)
            line.stream = None
        line.losses += 1
        wait = min(FIRST_WAIT_S * 2**line.losses, MOST_WAIT_S)
        line.retry_at = time.monotonic() + wait

    def _again(self, line: Line) -> None:
        self.counts.reconnects += 1
        line.session = line.connect()
        try:
            self._open(line)
        except OSError:
            self._lost(line)
            return
        line.retry_at = 0.0
        line.hub.hurry()

    def _open(self, line: Line) -> None:
        line.stream = line.session.open()
        self._selector.register(line.stream, selectors.EVENT_READ, line)


def _session(hub: FleetHub, tls: ssl.SSLContext) -> Session:
    return Session(hub.home, tls, lambda payload: hub.heard(payload, time.monotonic()))
