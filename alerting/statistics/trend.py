"""Theil-Sen slope and Mann-Kendall test: a trend that single wild days do not make.

Sources: Theil, Nederl. Akad. Wetensch. Proc. 53 (1950); Sen, J. Am. Stat. Assoc. 63 (1968) 1379;
Mann, Econometrica 13 (1945) 245; Kendall, Rank Correlation Methods (1975), for the ties.
"""

from dataclasses import dataclass
from functools import cache
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MannKendall:
    """The test of one row. `p` is two-sided, by the normal approximation."""

    s: int
    variance: float
    z: float
    p: float


def median(rows: Floats) -> Floats:
    """Return the median of each row, leaving out NaN; NaN for an empty row."""
    if not rows.shape[1]:
        return np.full(len(rows), np.nan)
    ordered = np.sort(rows, axis=1)  # NaN goes last
    many = np.count_nonzero(~np.isnan(rows), axis=1)
    every = np.arange(len(rows))
    low, high = np.maximum(many - 1, 0) // 2, many // 2
    high = np.minimum(high, rows.shape[1] - 1)
    middle: Floats = (ordered[every, low] + ordered[every, high]) / 2
    return middle


@cache
def _pairs(days: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the columns i and j of every pair with i < j."""
    return np.triu_indices(days, 1)


def theil_sen(rows: Floats, times: Floats) -> Floats:
    """Return the slope of each row; NaN where it has fewer than two values.

    slope = median over i < j of (x_j - x_i) / (t_j - t_i).
    """
    i, j = _pairs(rows.shape[1])
    return median((rows[:, j] - rows[:, i]) / (times[j] - times[i]))


def mann_kendall(rows: Floats) -> tuple[Floats, Floats]:
    """Return S and its variance for each row.

    S = sum over i < j of sign(x_j - x_i);
    variance = [n(n-1)(2n+5) - sum over groups of g ties g(g-1)(2g+5)] / 18.
    """
    i, j = _pairs(rows.shape[1])
    s = np.nansum(np.sign(rows[:, j] - rows[:, i]), axis=1)
    seen = ~np.isnan(rows)
    n = np.count_nonzero(seen, axis=1)
    equal = np.count_nonzero(rows[:, :, None] == rows[:, None, :], axis=2)
    # Each of a group's g values adds (g-1)(2g+5), so that the group adds g(g-1)(2g+5).
    ties = np.sum(np.where(seen, (equal - 1) * (2 * equal + 5), 0), axis=1)
    return s, (n * (n - 1) * (2 * n + 5) - ties) / 18


def significance(s: float, variance: float) -> MannKendall:
    """Return the test: Z = (S - sign S) / sqrt(variance), 0 if S = 0; p = 2 (1 - Phi(|Z|))."""
    z = (s - np.sign(s)) / sqrt(variance) if s else 0.0
    return MannKendall(int(s), float(variance), float(z), erfc(abs(z) / sqrt(2)))
