"""One day of one person, and what is measured on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from simulators.sample import Amount
from simulators.vitals.setbacks import Setback

# A measurement that nobody leaves out, because something is felt.
ALWAYS: Final = -1


@dataclass(frozen=True, slots=True)
class Day:
    """Its number from 0, its midnight on the wall clock, and all setbacks of the person."""

    number: int
    midnight: datetime
    setbacks: tuple[Setback, ...] = ()

    def added(self, vital: str, at: datetime) -> float:
        """Return what the setbacks add to a vital sign at that time, in its unit."""
        now = self.number + (at - self.midnight) / timedelta(days=1)
        return sum(setback.effect(vital, now) for setback in self.setbacks)

    def onset(self, kind: str) -> datetime | None:
        """Return when a setback of that kind begins on this day, in whole minutes."""
        for setback in self.setbacks:
            if setback.kind == kind and int(setback.onset) == self.number:
                minutes = int((setback.onset - self.number) * 24 * 60)
                return self.midnight + timedelta(minutes=minutes)
        return None


class Taken(NamedTuple):
    """What was measured; measurements of one `occasion` are made or left out together."""

    at: datetime
    occasion: int
    values: Mapping[str, Amount]
    note: str = ""
