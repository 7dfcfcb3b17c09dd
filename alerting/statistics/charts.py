"""Control charts of days against a personal baseline: EWMA, CUSUM, MACD.

Sources: Roberts, Technometrics 1 (1959) 239 (EWMA); Page, Biometrika 41 (1954) 100 (CUSUM);
Montgomery, Introduction to Statistical Quality Control, chapter 9 (their usual settings);
PMC4777885 (MACD over the weight of people with heart failure).

`run` is a matrix of the days that a chart runs over. A missing day (NaN) is no step.
"""

from collections.abc import Callable
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from alerting.statistics.trend import median

Floats = NDArray[np.float64]

# Makes the median absolute deviation of a normal distribution its standard deviation.
MAD_TO_SIGMA: Final = 1.4826


def baseline(days: Floats, floor: float) -> tuple[Floats, Floats]:
    """Return centre and sigma of each row.

    b = median; sigma = 1.4826 * MAD, at least the floor, since MAD is 0 where most days are equal.
    """
    centre = median(days)
    spread = MAD_TO_SIGMA * median(np.abs(days - centre[:, None]))
    return centre, np.maximum(spread, floor)


def _along(start: Floats, run: Floats, step: Callable[[Floats, Floats], Floats]) -> Floats:
    """Take one step for each day that is not missing."""
    state = start
    for day in run.T:
        state = np.where(np.isnan(day), state, step(state, day))
    return state


def ewma(run: Floats, centre: Floats, sigma: Floats, weight: float) -> Floats:
    """Return how many of its own sigmas each row's EWMA is from the centre.

    z_t = L*x_t + (1-L)*z_(t-1), z_0 = b; its sigma is sigma*sqrt(L/(2-L) * (1 - (1-L)^(2t))). The
    usual limit is 3 of these. NaN where no day was run.
    """
    z = _along(centre, run, lambda old, x: weight * x + (1 - weight) * old)
    steps = np.count_nonzero(~np.isnan(run), axis=1)
    shares = (1 - (1 - weight) ** (2 * t) for t in range(1, len(run.T) + 1))
    own = np.array([np.nan, *(sqrt(weight / (2 - weight) * share) for share in shares)])
    chart: Floats = (z - centre) / (sigma * own[steps])
    return chart


def cusum(run: Floats, centre: Floats, sigma: Floats, slack: float) -> tuple[Floats, Floats]:
    """Return C+ and C- of each row after its last day, in sigmas; the usual limit is 5.

    C+ = max(0, C+ + (x-b)/sigma - k), C- = max(0, C- - (x-b)/sigma - k), both from 0.
    """
    nothing = np.zeros(len(run))
    scaled = (run - centre[:, None]) / sigma[:, None]
    up = _along(nothing, scaled, lambda old, u: np.maximum(0, old + u - slack))
    down = _along(nothing, scaled, lambda old, u: np.maximum(0, old - u - slack))
    return up, down


def ema(run: Floats, days: int) -> Floats:
    """Return each row's exponential mean with weight 2/(days+1), from its first value."""
    weight = 2 / (days + 1)

    def step(old: Floats, x: Floats) -> Floats:
        return np.where(np.isnan(old), x, weight * x + (1 - weight) * old)

    return _along(np.full(len(run), np.nan), run, step)


def macd(run: Floats, short: int, long: int) -> Floats:
    """Return the difference of each row's short and long exponential means."""
    return ema(run, short) - ema(run, long)
