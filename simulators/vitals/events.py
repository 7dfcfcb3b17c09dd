"""On which days something out of the ordinary happens."""

from collections.abc import Sequence
from typing import Final

from numpy.random import Generator

# Our own choice: often enough for a demonstration of a week, too often for most real people.
CHANCE_PER_DAY: Final = 1 / 15
# A series of at least so many days shows every kind of event once.
SURE_AFTER_DAYS: Final = 14


def days_of_events(rng: Generator, kinds: Sequence[str], days: int) -> dict[int, str]:
    """Return which event falls on which day; one a day at most."""
    drawn: dict[int, str] = {}
    for day, chance in enumerate(rng.random(days)):
        if chance < CHANCE_PER_DAY:
            drawn[day] = kinds[int(rng.integers(len(kinds)))]
    if days >= SURE_AFTER_DAYS:
        for kind in kinds:
            if kind not in drawn.values():
                free = [day for day in range(days) if day not in drawn]
                drawn[int(rng.choice(free))] = kind
    return drawn
