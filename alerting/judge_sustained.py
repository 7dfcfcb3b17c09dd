"""Kind `sustained` over columns: counts of the readings before each one, by sums that run along."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import numpy as np

from alerting.columns import NONE, Codes, Columns, Ints, Judgements, Mask, one_per_reading

_MICROSECOND: Final = timedelta(microseconds=1)


def judge_sustained(
    columns: Columns,
    single: Judgements,
    bands: Sequence[int],
    times: int,
    of: int | None,
    lasting: timedelta | None,
    within: timedelta,
) -> Judgements:
    """Judge rows by themselves and those before; `single` is what each is by itself.

    `bands` are codes, the worst first. Of one reading's several values only the worst is judged.
    """
    rows = one_per_reading(columns, single, np.flatnonzero(single.known))
    known = np.zeros(len(columns), np.bool_)
    known[rows] = True
    chosen, fired = columns.chosen(rows), single.fired[rows]
    before = _Before.of(chosen, fired, within // _MICROSECOND)
    said = np.full(len(columns), NONE, np.int8)
    for band in reversed(bands):
        if of is None:
            enough = before.run(band, times, (lasting or timedelta(0)) // _MICROSECOND)
        else:
            enough = before.count(band, of - 1) + 1 >= times
        said[rows[(fired <= band) & enough]] = band
    return Judgements(said, single.held, known)


class _Before:
    """For each row, the valid rows before it: from `first` up to `end` among `valid`."""

    def __init__(self, columns: Columns, fired: Codes, valid: Ints, first: Ints, end: Ints) -> None:
        self._at, self._valid, self._first, self._end = columns.at, valid, first, end
        self._fired = fired[valid]

    @classmethod
    def of(cls, columns: Columns, fired: Codes, within: int) -> "_Before":
        good = ~columns.questionable
        valid = np.flatnonzero(good)
        end: Ints = np.cumsum(good) - good
        return cls(columns, fired, valid, _first(columns, valid, within), end)

    def count(self, band: int, most: int) -> Ints:
        """Count those that reach a band, among so many before each row at most."""
        reached = np.append(0, np.cumsum(self._fired <= band))
        counted: Ints = reached[self._end] - reached[np.maximum(self._first, self._end - most)]
        return counted

    def run(self, band: int, times: int, lasting: int) -> Mask:
        """Tell where a run of rows that reach a band, with the row itself, is long enough."""
        place = np.arange(len(self._valid))
        others = np.append(-1, np.maximum.accumulate(np.where(self._fired <= band, -1, place)))
        start = np.maximum(self._first, others[self._end] + 1)
        # Where nothing runs before it, the row itself is the run.
        there = np.append(self._valid, 0)[np.minimum(start, len(self._valid))]
        began = np.where(start < self._end, self._at[there], self._at)
        enough: Mask = (self._end - start + 1 >= times) & (self._at - began >= lasting)
        return enough


def _first(columns: Columns, valid: Ints, within: int) -> Ints:
    """Return the first valid row of the same patient that is not older than `within`."""
    if not len(columns):
        return np.empty(0, np.int64)
    person = np.cumsum(np.append(0, columns.patient[1:] != columns.patient[:-1])).astype(np.int64)
    since = columns.at - int(columns.at.min())
    span = int(since.max()) + within + 2
    key = person * span + since + within + 1
    first: Ints = np.searchsorted(key[valid], key - within, side="left")
    return first
