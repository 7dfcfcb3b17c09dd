"""Small drawings that all vital signs share."""

from datetime import datetime, timedelta
from decimal import Decimal
from math import cos, pi

from numpy.random import Generator


def around(rng: Generator, mean: float, spread: float) -> float:
    """Return a normal value, cut at two and a half deviations."""
    return mean + spread * min(2.5, max(-2.5, float(rng.standard_normal())))


def between(rng: Generator, low: int, high: int) -> int:
    """Return a whole number, both ends included."""
    return int(rng.integers(low, high, endpoint=True))


def moment(rng: Generator, midnight: datetime, hour: float, spread_min: float) -> datetime:
    """Return a time of that day, give or take."""
    minutes = round(hour * 60 + around(rng, 0, spread_min))
    return midnight + timedelta(minutes=minutes)


def whole(number: float) -> Decimal:
    """Round to what a display shows."""
    return Decimal(round(number))


def rhythm(at: datetime, peak_hour: float) -> float:
    """Return 1 at the peak of the day and -1 twelve hours later."""
    hour = at.hour + at.minute / 60
    return cos(2 * pi * (hour - peak_hour) / 24)
