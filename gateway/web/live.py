"""What changes, told to whoever looks: one listener per process, fanned out, as far as it concerns.

A listener of PostgreSQL's notifications runs in a thread. Who watches has a bounded queue; who is
too slow, or was away for too long, is told to look at everything again. Nothing is kept beyond the
last changes, by which a page catches up with what happened while it was on its way; of readings,
which are many, only who had some last.
"""

import asyncio
import json
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from operator import itemgetter
from secrets import token_hex
from typing import Any, Final, Self
from uuid import UUID

import psycopg
import structlog

from gateway.errors import GatewayError
from gateway.storage.database import Connection

CHANNEL: Final = "change"
READING: Final = "reading"
KEPT: Final = 1000
MOST_PATIENTS: Final = 10_000
MOST_WAITING: Final = 100
BEAT_S: Final = 15.0
"""So often something is sent, lest a proxy takes the stream for dead."""
LOOK_S: Final = 0.25
FIRST_RETRY_S: Final = 0.2
LONGEST_RETRY_S: Final = 5.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was written: in which organisation, of which patient, and what it is."""

    organisation: UUID
    patient: UUID
    what: str
    id: UUID
    queue: str | None = None

    @classmethod
    def read(cls, payload: str) -> Self:
        """Read what the database's trigger tells."""
        told: dict[str, Any] = json.loads(payload)
        ids = {name: UUID(told[name]) for name in ("organisation", "patient", "id")}
        return cls(what=told["what"], queue=told.get("queue"), **ids)


@dataclass(frozen=True, slots=True)
class Told:
    """A change with its place; without: look at everything again."""

    place: str
    change: Change | None = None


Sees = Callable[[Change], bool]


@dataclass(eq=False)
class _Watcher:
    loop: asyncio.AbstractEventLoop
    sees: Sees
    queue: asyncio.Queue[Told] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))

    def put(self, told: Told) -> None:
        """Queue it; from the watcher's own loop."""
        if self.queue.full() or told.change is None:
            while not self.queue.empty():
                self.queue.get_nowait()
            told = Told(told.place)
        self.queue.put_nowait(told)


class Live:
    """The listener and who watches. Start it with the application, stop it before its end."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._watchers: set[_Watcher] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._begin()

    def _begin(self) -> None:
        self._epoch, self._count, self._forgotten = token_hex(4), 0, 0
        self._recent: deque[tuple[int, Change]] = deque()
        self._readings: dict[UUID, tuple[int, Change]] = {}

    @property
    def place(self) -> str:
        """Return how far it is: a page that is made now has seen everything before."""
        with self._lock:
            return f"{self._epoch}-{self._count}"

    def start(self) -> None:
        """Listen in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Let all streams end: who watches is told nothing more. It waits for nobody."""
        self._stop.set()
        with self._lock:
            self._to(self._watchers, Told(""))

    def stop(self) -> None:
        """Stop listening."""
        self.end()
        if self._thread is not None:
            self._thread.join()

    async def watch(self, sees: Sees, since: str = "") -> AsyncGenerator[Told | None]:
        """Yield what changes from a place on; None in between, so that the line is not silent."""
        watcher = _Watcher(asyncio.get_running_loop(), sees)
        with self._lock:
            missed = self._missed(since, sees)
            self._watchers.add(watcher)
        try:
            for told in missed:
                yield told
            while not self._stop.is_set():
                told_now: Told | None = None
                with suppress(TimeoutError):
                    told_now = await asyncio.wait_for(watcher.queue.get(), BEAT_S)
                if not self._stop.is_set():
                    yield told_now
        finally:
            with self._lock:
                self._watchers.discard(watcher)

    def _missed(self, since: str, sees: Sees) -> list[Told]:
        epoch, _, count = since.partition("-")
        at = int(count) if count.isdecimal() else -1
        here = f"{self._epoch}-{self._count}"
        if not since:
            return []
        if epoch != self._epoch or not self._forgotten <= at <= self._count:
            return [Told(here)]
        kept = sorted([*self._recent, *self._readings.values()], key=itemgetter(0))
        return [Told(f"{self._epoch}-{n}", change) for n, change in kept if n > at and sees(change)]

    def _run(self) -> None:
        retry = FIRST_RETRY_S
        while not self._stop.is_set():
            try:
                with self._connect() as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    retry = FIRST_RETRY_S
                    self._again()
                    self._listen(connection)
            except (psycopg.Error, GatewayError) as error:
                log.warning("live_interrupted", error=type(error).__name__, retry_s=retry)
                self._stop.wait(retry)
                retry = min(2 * retry, LONGEST_RETRY_S)

    def _listen(self, connection: Connection) -> None:
        while not self._stop.is_set():
            for notify in connection.notifies(timeout=LOOK_S):
                self._hear(notify.payload)
                if self._stop.is_set():
                    return

    def _hear(self, payload: str) -> None:
        """Tell of it. What nobody can read ends no listener: something changed, whatever it was."""
        try:
            change = Change.read(payload)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("change_unreadable", error=type(error).__name__)
            self._again()
        else:
            self._tell(change)

    def _again(self) -> None:
        """Nobody knows what happened before: whoever watches looks again."""
        with self._lock:
            self._begin()
            told = Told(f"{self._epoch}-0")
            self._to(self._watchers, told)

    def _tell(self, change: Change) -> None:
        with self._lock:
            self._count += 1
            self._keep(change)
            told = Told(f"{self._epoch}-{self._count}", change)
            self._to({each for each in self._watchers if each.sees(change)}, told)

    def _keep(self, change: Change) -> None:
        """Keep it for who comes a little later; what is let go is remembered as a place."""
        if change.what != READING:
            self._recent.append((self._count, change))
            if len(self._recent) > KEPT:
                self._forgotten = max(self._forgotten, self._recent.popleft()[0])
            return
        self._readings.pop(change.patient, None)
        self._readings[change.patient] = (self._count, change)
        if len(self._readings) > MOST_PATIENTS:
            oldest = next(iter(self._readings))
            self._forgotten = max(self._forgotten, self._readings.pop(oldest)[0])

    def _to(self, watchers: set[_Watcher], told: Told) -> None:
        for watcher in list(watchers):
            try:
                watcher.loop.call_soon_threadsafe(watcher.put, told)
            except RuntimeError:  # its loop is over
                self._watchers.discard(watcher)
