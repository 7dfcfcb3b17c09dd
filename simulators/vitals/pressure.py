"""Home blood pressure, morning and evening, two readings a minute apart.

Daily rhythm: asleep pressure was 0.87/0.82 of awake pressure (Hinderliter et al. 2013, J Am Soc
Hypertens 7(6), PMC3865136); half of that difference is the amplitude here. Two and two readings a
day at least a minute apart: the usual home protocol (ESH). Means, spreads and how severe pressures
look are our own choice; severe is 180 or 120 and above (2025 AHA/ACC).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from numpy.random import Generator

from simulators.sample import BLOOD_PRESSURE, MMHG, PER_MINUTE, Amount, Sample
from simulators.vitals.draw import around, between, moment, rhythm, whole

STREAM: Final = 1
SEVERE: Final = "severe"
EVENTS: Final = (SEVERE,)
AMPLITUDE: Final = (0.065, 0.09)  # systolic, diastolic
PEAK_HOUR: Final = 15.0


@dataclass(frozen=True, slots=True)
class Habits:
    """What stays the same for one person."""

    systolic: float
    diastolic: float
    pulse: float

    @classmethod
    def draw(cls, rng: Generator) -> "Habits":
        """Draw a treated hypertensive adult."""
        return cls(around(rng, 132, 8), around(rng, 80, 5), around(rng, 72, 6))


def day(
    rng: Generator, habits: Habits, subject: str, midnight: datetime, event: str | None
) -> Iterator[Sample]:
    """Return one day's four readings."""
    shift = around(rng, 0, 5)  # this day as a whole
    for hour in (7.0, 20.0):
        at = moment(rng, midnight, hour, 20)
        severe = event == SEVERE and hour > 12
        for minutes in (0, between(rng, 1, 3)):
            yield _reading(rng, habits, subject, at + timedelta(minutes=minutes), shift, severe)


def _reading(
    rng: Generator, habits: Habits, subject: str, at: datetime, shift: float, severe: bool
) -> Sample:
    wave = rhythm(at, PEAK_HOUR)
    systolic = around(rng, habits.systolic * (1 + AMPLITUDE[0] * wave) + shift, 5)
    diastolic = around(rng, habits.diastolic * (1 + AMPLITUDE[1] * wave) + shift / 2, 3)
    if severe:
        systolic = between(rng, 182, 206)
        diastolic = between(rng, 98, 118)
    values = {
        "systolic": Amount(whole(systolic), MMHG),
        "diastolic": Amount(whole(diastolic), MMHG),
        "pulse": Amount(whole(around(rng, habits.pulse + 4 * wave, 4)), PER_MINUTE),
    }
    return Sample(subject, BLOOD_PRESSURE, at, values, SEVERE if severe else "")
