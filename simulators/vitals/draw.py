"""Small steps that all vital signs share: times, rhythm, slow wandering, rounding to a display."""

from datetime import datetime, timedelta
from decimal import Decimal
from math import cos, pi, sqrt

from simulators.vitals.chance import Chance


def moment(chance: Chance, midnight: datetime, hour: float, spread_min: float) -> datetime:
    """Return a time of that day, give or take; whole minutes, as people write them."""
    minutes = round(hour * 60 + chance.normal(0, spread_min))
    return midnight + timedelta(minutes=min(24 * 60 - 1, max(0, minutes)))


def rhythm(at: datetime, peak_hour: float) -> float:
    """Return 1 at the peak of the day and -1 twelve hours later."""
    hour = at.hour + at.minute / 60
    return cos(2 * pi * (hour - peak_hour) / 24)


def shown(value: float, step: str, low: float, high: float) -> Decimal:
    """Return what the display shows: within its range, in its steps ("1", "0.1")."""
    resolution = Decimal(step)
    return round(min(high, max(low, value)) / float(resolution)) * resolution


class Wander:
    """Good and bad days: a value that stays near 0 and remembers part of yesterday (AR(1))."""

    def __init__(self, deviation: float, memory: float) -> None:
        self._deviation, self._memory = deviation, memory
        self._value: float | None = None

    def step(self, chance: Chance) -> float:
        """Return the value of the next day."""
        fresh = chance.normal(0, self._deviation)
        if self._value is None:
            self._value = fresh
        else:
            self._value = self._memory * self._value + sqrt(1 - self._memory**2) * fresh
        return self._value
