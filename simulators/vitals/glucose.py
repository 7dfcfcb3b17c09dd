"""Finger-stick glucose of an insulin-treated adult: fasting, after breakfast, supper, bedtime.

After a meal glucose rises by 1.23 +- 0.76 mg/dL/min for 72 +- 23 min in insulin-treated people,
types 1 and 2 alike (Daenen et al. 2010, Diabetes Metab 36(2):165-9, PubMed 20226708). Bands of the
events: below 54 is hypoglycaemia level 2, above 250 hyperglycaemia level 2 (ADA); above 300 asks
for a ketone check. Fasting means and spreads are our own choice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from numpy.random import Generator

from simulators.sample import GLUCOSE, MG_DL, Amount, Sample
from simulators.vitals.draw import around, between, moment, whole

STREAM: Final = 2
LOW: Final = "low"
HIGH: Final = "high"
VERY_HIGH: Final = "very high"
EVENTS: Final = (LOW, HIGH, VERY_HIGH)
# Which value of the day the event changes, and into what range.
CHANGED: Final = {
    LOW: ("before supper", 38, 53),
    HIGH: ("after breakfast", 251, 299),
    VERY_HIGH: ("bedtime", 301, 420),
}


@dataclass(frozen=True, slots=True)
class Habits:
    """What stays the same for one person."""

    fasting: float

    @classmethod
    def draw(cls, rng: Generator) -> "Habits":
        """Draw somebody whose days are mostly between 70 and 180."""
        return cls(around(rng, 118, 12))


def day(
    rng: Generator, habits: Habits, subject: str, midnight: datetime, event: str | None
) -> Iterator[Sample]:
    """Return one day's four values."""
    breakfast = moment(rng, midnight, 7.25, 20)
    until_peak = max(30.0, around(rng, 72, 15))
    rise = min(95.0, max(10.0, around(rng, 1.23, 0.4) * until_peak * 0.6))
    usual = (
        ("before breakfast", breakfast, habits.fasting),
        (
            "after breakfast",
            breakfast + timedelta(minutes=round(until_peak)),
            habits.fasting + rise,
        ),
        ("before supper", moment(rng, midnight, 18.0, 30), habits.fasting + 5),
        ("bedtime", moment(rng, midnight, 22.0, 30), habits.fasting + 25),
    )
    for name, at, mean in usual:
        value = whole(max(70.0, around(rng, mean, 14)))
        note = name
        if event is not None and CHANGED[event][0] == name:
            value = whole(between(rng, *CHANGED[event][1:]))
        yield Sample(subject, GLUCOSE, at, {"glucose": Amount(value, MG_DL)}, note)
