"""A patient's readings as numbers: in one unit, without doubles, and as medians of days.

Only `valid` readings with a number are in a series. Days are the patient's own (`Observation.day`):
people sleep around midnight, so that no habit of measuring is cut in two as at 24 hours before a
reading, or at midnight UTC. A day without a reading stays missing.
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import numpy as np

from alerting.bands import in_one_of
from alerting.model import Observation
from alerting.statistics.trend import Floats
from alerting.units import convert
from device_profiles.reading import Validity

# Statistics are floats. Bounds see them rounded to this many decimals, so that the last bits of
# a sum never decide whether somebody is called.
DECIMALS: Final = 9

# As a basis a person gets no more than so many readings, the newest.
BASIS: Final = 60

_Point = tuple[float, int]


@dataclass(frozen=True, slots=True)
class Daily:
    """Readings that are judged, each with a row of the medians of the days up to it.

    `rows` has the newest day last: it is the median of that day's readings up to the judged one.
    """

    unit: str
    judged: Sequence[Observation]
    rows: Floats
    middles: Sequence[tuple[UUID, ...]]
    _of_days: dict[int, tuple[UUID, ...]]

    def basis(self, row: int) -> tuple[UUID, ...]:
        """Return the readings in the middle of each day of a row."""
        last = self.judged[row].day.toordinal()
        before = range(last - self.rows.shape[1] + 1, last)
        found = [each for day in before for each in self._of_days.get(day, ())]
        return (*found, *self.middles[row])[-BASIS:]


def looking_back(days: int) -> timedelta:
    """Return how far before a reading so many of the patient's days may begin."""
    return timedelta(days=days + 1)


def statistic(number: float) -> Decimal:
    """Return a statistic as bounds see it."""
    return Decimal(repr(round(float(number), DECIMALS)))


def once(observations: Iterable[Observation]) -> Iterator[Observation]:
    """Leave out doubles of readings that are in order."""
    before = None
    for each in observations:
        if each.order != before:
            yield each
        before = each.order


def by_unit(
    units: Collection[str], observations: Iterable[Observation], since: datetime
) -> dict[str, list[tuple[Observation, Decimal]]]:
    """Return the series in each unit in which a reading of `since` or later is to be judged."""
    valid = (o for o in observations if o.validity is Validity.VALID and o.number is not None)
    mine = list(once(valid))
    found = (in_one_of(units, o) for o in mine if o.measured_at >= since)
    wanted = {each[1] for each in found if each}
    return {unit: _in_unit(unit, mine) for unit in units if unit in wanted}


def _in_unit(unit: str, series: Iterable[Observation]) -> list[tuple[Observation, Decimal]]:
    both = (
        (o, o.number if o.unit == unit else convert(o.number, o.unit, unit))
        for o in series
        if o.number is not None
    )
    return [(o, number) for o, number in both if number is not None]


def is_judged(units: Collection[str], unit: str, observation: Observation, since: datetime) -> bool:
    """Tell whether a reading of a series in this unit is judged in it."""
    if observation.measured_at < since:
        return False
    found = in_one_of(units, observation)
    return found is not None and found[1] == unit


def daily(
    units: Collection[str], observations: Iterable[Observation], since: datetime, span: int
) -> Iterator[Daily]:
    """Return what is judged with the medians of `span` days, per unit in which it is."""
    for unit, series in by_unit(units, observations, since).items():
        yield _daily(unit, series, [is_judged(units, unit, o, since) for o, _ in series], span)


def _daily(
    unit: str,
    series: Sequence[tuple[Observation, Decimal]],
    judged: Sequence[bool],
    span: int,
) -> Daily:
    days: defaultdict[int, list[_Point]] = defaultdict(list)
    so_far: list[tuple[int, tuple[_Point, ...]]] = []
    for n, (observation, number) in enumerate(series):
        day = observation.day.toordinal()
        insort(days[day], (float(number), n))
        if judged[n]:
            so_far.append((day, _middle(days[day])))
    rows = _windows({day: _median(points) for day, points in days.items()}, so_far, span)
    ids = [observation.reading_id for observation, _ in series]
    return Daily(
        unit=unit,
        judged=[observation for n, (observation, _) in enumerate(series) if judged[n]],
        rows=rows,
        middles=[tuple(ids[n] for _, n in middle) for _, middle in so_far],
        _of_days={day: tuple(ids[n] for _, n in _middle(p)) for day, p in days.items()},
    )


def _middle(points: Sequence[_Point]) -> tuple[_Point, ...]:
    """Return the one or two points in the middle."""
    half = len(points) // 2
    return tuple(points[half - 1 + len(points) % 2 : half + 1])


def _median(points: Sequence[_Point]) -> float:
    middle = _middle(points)
    return (middle[0][0] + middle[-1][0]) / 2


def _windows(
    medians: dict[int, float], so_far: Sequence[tuple[int, tuple[_Point, ...]]], span: int
) -> Floats:
    first = min(medians) - span + 1
    dense = np.full(max(medians) - first + 1, np.nan)
    for day, median in medians.items():
        dense[day - first] = median
    ends = np.array([day - first for day, _ in so_far], dtype=np.intp)
    rows: Floats = dense[ends[:, None] + np.arange(1 - span, 1)]
    rows[:, -1] = [_median(points) for _, points in so_far]
    return rows
