"""The hub's clock, and whether anybody has set it: asked of the kernel and of systemd."""

import ctypes
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from edge_agent.core.clock_state import Trust, trusted

BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
TIMESYNC: Final = Path("/run/systemd/timesync/synchronized")
# adjtimex(2): its answer while nobody disciplines the clock.
TIME_ERROR: Final = 5
TIMEX_OCTETS: Final = 512  # more than struct timex has on any platform; modes = 0 only reads


class SystemClock:
    """See `ports.Clock`. `floor` is a moment that has certainly passed."""

    def __init__(self, trust: Trust, floor: datetime) -> None:
        self._trust, self._floor = trust, floor
        self._boot = _boot()

    @property
    def boot(self) -> UUID:
        """See `ports.Clock`."""
        return self._boot

    def now(self) -> datetime:
        """See `ports.Clock`."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """See `ports.Clock`."""
        return time.monotonic()

    def trusted(self) -> bool:
        """See `ports.Clock`."""
        synchronised = self._trust is Trust.AUTO and _synchronised()
        return trusted(self._trust, synchronised=synchronised, now=self.now(), floor=self._floor)


def _boot() -> UUID:
    try:
        return UUID(BOOT.read_text("ascii").strip())
    except (OSError, ValueError):
        return uuid4()


def _synchronised() -> bool:
    return TIMESYNC.exists() or _kernel_says() not in (-1, TIME_ERROR)


def _kernel_says() -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    return int(libc.adjtimex(ctypes.create_string_buffer(TIMEX_OCTETS)))
