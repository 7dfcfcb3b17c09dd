"""When to connect to a device, what to ask for its records, and when a session is over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from edge_agent.core.backoff import wait_s

# Home devices advertise for 30 to 60 s after a measurement; an advertisement after a longer
# silence is a new measurement, and an old failure must not make us miss it.
WINDOW_S: Final = 60.0
# A second attempt must start well inside the window, connecting itself takes up to 20 s. As long as
# the window lasts no wait may eat it up; a device that never stops advertising is left in peace.
FIRST_WAIT_S: Final = 1.0
MOST_IN_WINDOW_S: Final = 8.0
MOST_WAIT_S: Final = 600.0
# A device that goes on advertising after it was emptied: ask again inside the same window, but
# not all the time, for its battery's sake.
EMPTY_WAIT_S: Final = 20.0
SERVED_WAIT_S: Final = 1.0
# Sequence numbers restart and wrap (a new battery, a cleared memory), so "everything after the
# last one" may miss records: all are asked for again after this time.
FULL_PULL: Final = timedelta(hours=20)


@dataclass(frozen=True, slots=True)
class Visits:
    """What the last connections to one device came to. Seconds are monotonic.

    `pair` says whether the next connection pairs first. Some devices know no pairing and refuse
    it, so after a refusal the other way is tried; what worked is kept.
    """

    failures: int = 0
    retry_at: float = 0.0
    last_seen: float | None = None
    pair: bool = True
    window_at: float = 0.0
    """When the device began to advertise, as far as we heard."""

    def seen(self, now: float) -> "Visits":
        """Note an advertisement; a new advertising window forgets the failures' wait."""
        if self.last_seen is None:
            return replace(self, last_seen=now, window_at=now)
        if now - self.last_seen > WINDOW_S:
            return replace(self, last_seen=now, window_at=now, failures=0, retry_at=now)
        return replace(self, last_seen=now)

    def fresh(self, now: float) -> bool:
        """Say whether the device may still be there to be connected."""
        return self.last_seen is not None and now - self.last_seen <= WINDOW_S

    def after_failure(self, now: float, *, pairing: bool = False) -> "Visits":
        """Wait twice as long after each failed connection, 10 minutes at most."""
        failures = self.failures + 1
        in_window = now - self.window_at <= WINDOW_S
        wait = wait_s(failures, FIRST_WAIT_S, MOST_IN_WINDOW_S if in_window else MOST_WAIT_S)
        pair = not self.pair if pairing else self.pair
        return replace(self, failures=failures, retry_at=now + wait, pair=pair)

    def after_restart(self) -> "Visits":
        """The Bluetooth service is new: what failed before, and what was seen, means nothing."""
        return Visits(pair=self.pair)

    def after_session(self, now: float, *, brought: int) -> "Visits":
        """Come back soon to a device that had something to say."""
        wait = SERVED_WAIT_S if brought else EMPTY_WAIT_S
        return replace(self, failures=0, retry_at=now + wait)


def pull_from(sequence: int, full_pull: datetime, now: datetime) -> int | None:
    """Return the first sequence number to ask for, or None for all records."""
    if not timedelta(0) <= now - full_pull < FULL_PULL or sequence >= 0xFFFF:
        return None
    return sequence + 1


def rising(sequences: Sequence[int]) -> bool:
    """Say whether records came oldest first; a single one does not tell."""
    return len(sequences) > 1 and all(a < b for a, b in pairwise(sequences))


def may_set_clock(name: str, *, clock_trusted: bool) -> bool:
    """Say whether the device's clock may be written.

    Omron devices named BLEsmart_ lose their bond over it (blessed-kotlin), in any case of letters.
    """
    return clock_trusted and not name.lower().startswith("blesmart_")
