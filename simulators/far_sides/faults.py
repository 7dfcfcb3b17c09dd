"""What can go wrong on the way to a far side and there: named faults, queued or by a seed."""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Literal

Purpose = Literal["sign-in", "read", "write"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one request. With `applied`, the far side did first what it was asked."""

    name: str
    applied: bool = False
    dropped: bool = False
    """The connection ends, without an answer."""
    status: int | None = None
    """This is answered, whatever the far side would have said."""
    headers: tuple[tuple[str, str], ...] = ()
    retry_after_s: int | None = None
    as_date: bool = False
    """Retry-After is a date, by the far side's own clock."""
    slow_s: float = 0.0
    meanwhile: Callable[[], None] | None = None
    """What a person does there before this request arrives."""
    twice: bool = False
    """The same request arrives twice; the second answer is given."""


UNREACHED: Final = Fault("unreached", dropped=True)
LOST: Final = Fault("lost", applied=True, dropped=True)
"""A timeout after the commit: nobody knows that it was done."""
BUSY: Final = Fault("busy", status=429, retry_after_s=1)
BUSY_UNTIL: Final = Fault("busy until", status=429, retry_after_s=1, as_date=True)
BROKEN: Final = tuple(Fault(f"{status}", status=status) for status in (500, 502, 503))
LATE_504: Final = Fault("504 after commit", applied=True, status=504)
SLOW: Final = Fault("slow", applied=True, slow_s=0.05)
TWICE: Final = Fault("twice", applied=True, twice=True)
NOT_LET_IN: Final = Fault("401", status=401)
BAD_REQUEST: Final = Fault("400", status=400)
ELSEWHERE: Final = Fault("elsewhere", status=302, headers=(("location", "/elsewhere"),))
PAGE: Final = Fault("<html>Sign in</html>", applied=True, status=200)
"""A proxy in between answers with a page of its own."""
PASSING: Final = (UNREACHED, LOST, BUSY, BUSY_UNTIL, *BROKEN, LATE_504, SLOW, TWICE)
"""After these, the same request made again gets through."""
SKEWS: Final = tuple(timedelta(seconds=seconds) for seconds in (0, -240, 240))


def busy(retry_after_s: int, *, as_date: bool = False) -> Fault:
    """Return a 429 that asks to be left alone so long."""
    return replace(BUSY, retry_after_s=retry_after_s, as_date=as_date)


class Faults:
    """Which fault comes next. Without being told, none."""

    def __init__(self) -> None:
        self.skew = timedelta(0)
        """How far the far side's clock is ahead of ours."""
        self.happened: list[str] = []
        self.clear()

    def clear(self) -> None:
        """Let everything go well from here, by a right clock."""
        self._queues: dict[Purpose | None, deque[Fault]] = {}
        self._random, self._share, self._left = random.Random(0), 0.0, 0  # noqa: S311
        self.skew = timedelta(0)
        self.happened.clear()

    def queue(self, *faults: Fault, on: Purpose | None = None) -> None:
        """Meet the next requests with these; `on` one purpose only, or on any."""
        self._queues.setdefault(on, deque()).extend(faults)

    def seeded(self, seed: int, share: float = 0.4, most: int = 20) -> None:
        """Meet a share of all requests with some fault, up to so many, by a clock that is off."""
        self._random, self._share, self._left = random.Random(seed), share, most  # noqa: S311
        self.skew = self._random.choice(SKEWS)

    def take(self, purpose: Purpose) -> Fault | None:
        """Return what this request meets."""
        fault = self._queued(purpose) or self._drawn()
        if fault:
            self.happened.append(fault.name)
        return fault

    def _queued(self, purpose: Purpose) -> Fault | None:
        for on in (purpose, None):
            if waiting := self._queues.get(on):
                return waiting.popleft()
        return None

    def _drawn(self) -> Fault | None:
        if self._left <= 0 or self._random.random() >= self._share:
            return None
        self._left -= 1
        return self._random.choice(PASSING)
