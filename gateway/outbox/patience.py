"""How long to wait after how many failures, and when to give one task up. Pure."""

from datetime import datetime, timedelta
from typing import Final

from gateway.storage.outbox import Waiting

FIRST_WAIT: Final = timedelta(seconds=5)
LONGEST_WAIT: Final = timedelta(minutes=5)
"""A far side that is down is asked so often, with one call: its return is seen soon."""
ATTEMPTS: Final = 10
GIVEN_UP: Final = timedelta(days=7)
"""Whatever it is: nothing is tried for ever."""


def pause(failures: int, asked: timedelta) -> timedelta:
    """Return how long a far side is left alone after its `failures`-th failure in a row."""
    grown: timedelta = FIRST_WAIT * (1 << min(failures - 1, 10))
    return max(asked, min(grown, LONGEST_WAIT))


def is_hopeless(waiting: Waiting, took_at: datetime | None, now: datetime) -> bool:
    """Tell whether it is this task: the far side took another since it first failed.

    Or it is too long ago: then somebody has to look, and one button tries all of them again.
    """
    if waiting.attempts + 1 < ATTEMPTS or waiting.failed_at is None:
        return False
    others_go = took_at is not None and took_at > waiting.failed_at
    return others_go or now - waiting.failed_at >= GIVEN_UP
