"""Body weight, each morning before breakfast."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import cos, pi
from typing import Final

from simulators.sample import KILOGRAM, WEIGHT, Amount
from simulators.vitals.chance import Chance
from simulators.vitals.day import Day, Taken
from simulators.vitals.draw import Wander, moment, shown
from simulators.vitals.pulse import Pulse

KIND: Final = WEIGHT
HOUR: Final = 7.2
LIMITS: Final = (35.0, 200.0)
SUNDAY_TO_MONDAY: Final = 6.5


@dataclass(frozen=True, slots=True)
class WeightTraits:
    """Where a person's weight is and how it varies. Unit: kg."""

    mean: float = 76.0
    """The recording weight-krone has a mean of 76.0."""
    between: float = 12.8
    """SD between people: the same."""
    water: float = 0.5
    """SD of what is kept and lost within days. With `reading` the deviation from a person's own
    line is 0.53; in the recording 0.41 to 0.74."""
    memory: float = 0.7
    """Correlation of one day's water with the next. From the recording: the day-to-day change has
    an SD of 0.52."""
    reading: float = 0.18
    """SD by clothing, time and scale. From the recording, as above."""
    differs: float = 0.45
    """How much people differ in `water` and `reading`: SD of the factor. The day-to-day SD of six
    people in the recording goes from 0.15 to 0.83."""
    trend: tuple[float, float] = (-0.1, 0.25)
    """Change per week, mean and SD between people. The six of the recording, whose diet and
    activity were part of a study: -0.16 and 0.29."""
    week: float = 0.0015
    """Share of the weight by which Sunday and Monday lie above the mean of the week. That they do:
    Orsama et al. 2014, Obes Facts 7:36-47; the size is chosen."""


class Weight:
    """One person's."""

    def __init__(self, traits: WeightTraits, person: Chance) -> None:
        self._traits = traits
        self._mean = person.normal(traits.mean, traits.between)
        self._trend = person.normal(*traits.trend) / 7
        self._factor = min(1.8, max(0.3, person.normal(1.0, traits.differs)))
        self._wander = Wander(traits.water * self._factor, traits.memory)

    def day(self, day: Day, chance: Chance, pulse: Pulse) -> Iterator[Taken]:
        """Return the weight of one day."""
        del pulse  # a scale counts none
        at = moment(chance, day.midnight, HOUR, 20)
        value = self._mean + self._trend * day.number + self._wander.step(chance)
        value += self._week(at) + day.added("weight", at)
        value += chance.normal(0, self._traits.reading * self._factor)
        yield Taken(at, 0, {"weight": Amount(shown(value, "0.1", *LIMITS), KILOGRAM)})

    def _week(self, at: datetime) -> float:
        turn = 2 * pi * (at.weekday() - SUNDAY_TO_MONDAY) / 7
        return self._traits.week * self._mean * cos(turn)
