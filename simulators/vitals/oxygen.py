"""Oxygen saturation and pulse by spot check, morning and evening.

95 % and above is usual; 93-94 and 92 or less are the bands of the NHS COVID virtual wards. 78 % of
stable patients with asthma or COPD in general practice were above 95 %, 3 % at 92 or below
(PMC4750741). The virtual patient is one of the former, with dips as events.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from numpy.random import Generator

from simulators.sample import OXYGEN, PER_MINUTE, PERCENT, Amount, Sample
from simulators.vitals.draw import around, between, moment, rhythm, whole

STREAM: Final = 3
DIP: Final = "dip"
DEEP_DIP: Final = "deep dip"
EVENTS: Final = (DIP, DEEP_DIP)
RANGE: Final = {DIP: (93, 94), DEEP_DIP: (86, 92)}


@dataclass(frozen=True, slots=True)
class Habits:
    """What stays the same for one person."""

    spo2: float
    pulse: float

    @classmethod
    def draw(cls, rng: Generator) -> "Habits":
        """Draw somebody whose saturation is usual."""
        return cls(around(rng, 97, 0.5), around(rng, 74, 6))


def day(
    rng: Generator, habits: Habits, subject: str, midnight: datetime, event: str | None
) -> Iterator[Sample]:
    """Return one day's two spot checks."""
    for hour in (8.0, 20.5):
        at = moment(rng, midnight, hour, 25)
        spo2 = whole(min(100.0, max(95.0, around(rng, habits.spo2, 0.8))))
        if event is not None and hour > 12:
            spo2 = whole(between(rng, *RANGE[event]))
        pulse = whole(around(rng, habits.pulse + 4 * rhythm(at, 15.0), 4))
        values = {"spo2": Amount(spo2, PERCENT), "pulse": Amount(pulse, PER_MINUTE)}
        yield Sample(subject, OXYGEN, at, values)
