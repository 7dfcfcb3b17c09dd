"""The figures by which simulated and recorded series are compared. No figure names a person."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulators.sample import Sample

PERCENTILES: Final = (5, 25, 50, 75, 95)
# Shorter series say nothing about how one value follows the other.
LONG_ENOUGH: Final = 8

Numbers = NDArray[np.float64]
Timed = Sequence[tuple[datetime, float]]
Measure = Callable[[Sample], float | None]


@dataclass(frozen=True, slots=True)
class Series:
    """One measure of many people, each in the order of time."""

    people: Mapping[str, Timed]

    @property
    def pooled(self) -> Numbers:
        """Return all values together."""
        return np.array([value for one in self.people.values() for _, value in one])

    @property
    def each(self) -> list[Numbers]:
        """Return the values person by person."""
        return [np.array([value for _, value in one]) for one in self.people.values()]

    def where(self, wanted: Callable[[datetime], bool]) -> "Series":
        """Return the values of some times only."""
        kept = {name: [v for v in one if wanted(v[0])] for name, one in self.people.items()}
        return Series({name: one for name, one in kept.items() if one})


def number(name: str) -> Measure:
    """Return the measure that is one number of a sample; HI and LO are none."""

    def measure(sample: Sample) -> float | None:
        value = sample.values[name].number if name in sample.values else None
        # A glucose of 0 in a paper log is a slip.
        return float(value) if isinstance(value, Decimal) and value > 0 else None

    return measure


def pulse_pressure(sample: Sample) -> float | None:
    """Return systolic minus diastolic."""
    high, low = number("systolic")(sample), number("diastolic")(sample)
    return None if high is None or low is None else high - low


def series(samples: Iterable[Sample], measure: Measure) -> Series:
    """Return the measure of every person."""
    people: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
    for one in sorted(samples, key=lambda sample: sample.at):
        value = measure(one)
        if value is not None:
            people[one.subject].append((one.at, value))
    return Series(dict(sorted(people.items())))


def within(of: Series) -> float:
    """Return the standard deviation within people, pooled."""
    each = [one for one in of.each if len(one) > 1]
    squares = sum(float(((one - one.mean()) ** 2).sum()) for one in each)
    return float(np.sqrt(squares / sum(len(one) - 1 for one in each)))


def between(of: Series) -> float:
    """Return the standard deviation of people's means."""
    return float(np.std([one.mean() for one in of.each], ddof=1))


def lag_1(of: Series) -> float:
    """Return how each value goes with the next of the same person, pooled."""
    centred = [one - one.mean() for one in of.each if len(one) >= LONG_ENOUGH]
    products = sum(float((one[:-1] * one[1:]).sum()) for one in centred)
    return products / sum(float((one**2).sum()) for one in centred)


def changes(of: Series, days: int = 1) -> Numbers:
    """Return the changes from one day to the next, or over more days, where both are measured."""
    found: list[float] = []
    for one in of.people.values():
        by_day = {at.date(): value for at, value in one}
        for day, value in by_day.items():
            before = by_day.get(day - timedelta(days=days))
            if before is not None:
                found.append(value - before)
    return np.array(found)


def share(values: Numbers, wanted: NDArray[np.bool_]) -> float:
    """Return the percentage of the values."""
    return 100.0 * float(wanted.sum()) / len(values)


def kolmogorov_smirnov(one: Numbers, other: Numbers) -> float:
    """Return the largest distance between the two distribution functions."""
    grid = np.union1d(one, other)
    return float(np.abs(below(one, grid) - below(other, grid)).max())


def below(values: Numbers, grid: Numbers) -> Numbers:
    """Return the share of values at or below each point."""
    return np.searchsorted(np.sort(values), grid, side="right") / len(values)


def sittings(of: Series, apart: timedelta) -> list[Numbers]:
    """Return the values of each sitting: what lies closer together than `apart`."""
    found: list[list[float]] = []
    for one in of.people.values():
        last: datetime | None = None
        for at, value in one:
            if last is None or at - last > apart:
                found.append([])
            found[-1].append(value)
            last = at
    return [np.array(one) for one in found]


def first_minus_later(of: Series, apart: timedelta) -> float:
    """Return how much the first of a sitting lies above its third and later ones."""
    long = [one for one in sittings(of, apart) if len(one) > 2]
    return float(np.mean([one[0] - one[2:].mean() for one in long]))


def slopes_per_week(of: Series) -> Numbers:
    """Return each person's straight line through the days."""
    found = []
    for one in of.people.values():
        days = np.array([at.toordinal() for at, _ in one], dtype=float)
        values = np.array([value for _, value in one])
        centred = days - days.mean()
        found.append(7 * float((centred * values).sum() / (centred**2).sum()))
    return np.array(found)
