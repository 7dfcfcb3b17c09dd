"""One day of one person, and what is measured on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from simulators.sample import Amount
from simulators.vitals.episodes import Episode

# A measurement that nobody leaves out, because something is felt.
ALWAYS: Final = -1


@dataclass(frozen=True, slots=True)
class Day:
    """Its number from 0, its midnight on the wall clock, and all episodes of the person."""

    number: int
    midnight: datetime
    episodes: tuple[Episode, ...] = ()

    def added(self, vital: str, at: datetime) -> float:
        """Return what the episodes add to a vital sign at that time, in its unit."""
        now = self.number + (at - self.midnight) / timedelta(days=1)
        return sum(episode.effect(vital, now) for episode in self.episodes)

    def onset(self, kind: str) -> datetime | None:
        """Return when an episode of that kind begins on this day, in whole minutes."""
        for episode in self.episodes:
            if episode.kind == kind and int(episode.onset) == self.number:
                minutes = int((episode.onset - self.number) * 24 * 60)
                return self.midnight + timedelta(minutes=minutes)
        return None


class Taken(NamedTuple):
    """What was measured; measurements of one `occasion` are made or left out together."""

    at: datetime
    occasion: int
    values: Mapping[str, Amount]
    note: str = ""
