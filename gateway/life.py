"""The loops beside the worker: one lets held tasks go and ladders be climbed, one delivers.

Each has its own connection, so that a slow channel to people holds up neither an evaluation nor the
next step of another task. What they do is in rows: whoever dies, another goes on.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from gateway.care.climb import climb
from gateway.care.release import release
from gateway.storage.database import Connection, Database
from gateway.worker import FIRST_RETRY_S, LONGEST_RETRY_S, POLL_S, utc_now

# A program's error, not a lost database: told each time, and tried again.
log = structlog.get_logger()

Work = Callable[[Connection, datetime], int]

# New tasks and new messages are told, so that nobody waits for the next look.
TASKS: Final = "task"
MESSAGES: Final = "notification"
# Nobody tells: its loop looks at the clock.
AUDIT: Final = "audit"


def live(connection: Connection, now: datetime) -> int:
    """Open what is held back no more, then tell whoever is due."""
    return release(connection, now) + climb(connection, now)


class Loop:
    """Does its work whenever something is due, until `stop` is set.

    The work may leave some of it: it is asked again, with the time of then, until it did nothing.
    """

    def __init__(
        self,
        database: Database,
        stop: threading.Event,
        work: Work,
        channel: str,
        *,
        clock: Callable[[], datetime] = utc_now,
        poll_s: float = POLL_S,
    ) -> None:
        self._database = database
        self._stop = stop
        self._work = work
        self._channel = channel
        self._clock = clock
        self._poll_s = poll_s

    def run(self) -> None:
        """Work until stopped; whatever goes wrong is told and tried again."""
        retry = FIRST_RETRY_S
        while not self._stop.is_set():
            try:
                with self._database.connect(autocommit=True) as connection:
                    connection.execute(f"LISTEN {self._channel}")
                    while not self._stop.is_set():
                        done = self._work(connection, self._clock())
                        retry = FIRST_RETRY_S
                        if not done:
                            self._wait(connection)
            except Exception as error:  # noqa: BLE001 - a loop that ended would be silence
                log.warning(
                    "loop_interrupted",
                    loop=self._channel,
                    error=type(error).__name__,
                    retry_s=retry,
                )
                self._stop.wait(retry)
                retry = min(2 * retry, LONGEST_RETRY_S)

    def _wait(self, connection: Connection) -> None:
        for _ in connection.notifies(timeout=self._poll_s, stop_after=1):
            return
