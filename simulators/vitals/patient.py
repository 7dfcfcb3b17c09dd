"""A virtual patient: the same seed gives the same samples, on every machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zlib import crc32

import numpy as np

from simulators.sample import Sample
from simulators.vitals import glucose, oxygen, pressure
from simulators.vitals.events import days_of_events

PARTS = (pressure, glucose, oxygen)


@dataclass(frozen=True, slots=True)
class VirtualPatient:
    """Who, and the seed of everything that happens to them."""

    subject: str
    seed: int

    def samples(self, first: date, days: int) -> tuple[Sample, ...]:
        """Return all measurements of so many days, oldest first."""
        return tuple(sorted(self._all(first, days), key=lambda sample: (sample.at, sample.kind)))

    def _all(self, first: date, days: int) -> Iterator[Sample]:
        midnights = [datetime.combine(first, time()) + timedelta(days=n) for n in range(days)]
        for part in PARTS:
            # One stream for each kind: a change of one does not move the others.
            rng = np.random.default_rng([self.seed, crc32(self.subject.encode()), part.STREAM])
            habits = part.Habits.draw(rng)
            events = days_of_events(rng, part.EVENTS, days)
            for number, midnight in enumerate(midnights):
                yield from part.day(rng, habits, self.subject, midnight, events.get(number))
