"""Statistics against what books print, numbers from hand, and scipy."""

from math import erfc, isnan, sqrt

import numpy as np
import pytest
from scipy import stats

from alerting.statistics.charts import baseline, cusum, ema, ewma, macd
from alerting.statistics.glucose import coefficient_of_variation, management_indicator, risk
from alerting.statistics.trend import mann_kendall, median, significance, theil_sen

NAN = float("nan")

# Montgomery, Introduction to Statistical Quality Control, tables 9.1 and 9.10: mean 10, sigma 1.
MONTGOMERY = """9.45 7.99 9.29 11.66 12.16 10.18 8.04 11.46 9.20 10.34 9.03 11.47 10.51 9.40 10.08
9.37 10.62 10.31 8.52 10.84 10.90 9.33 12.29 11.50 10.60 11.08 10.38 11.62 11.31 10.52"""


def row(numbers: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Make one row; - is a missing day."""
    return np.array([[NAN if word == "-" else float(word) for word in numbers.split()]])


TEN, ONE = np.array([10.0]), np.array([1.0])


def test_sen_s_own_example() -> None:
    """Sen 1968, section 5: the slope is 4."""
    times = np.array([1.0, 2, 3, 4, 10, 12, 18])
    assert theil_sen(row("9 15 19 20 45 55 78"), times)[0] == 4.0


def test_a_wild_day_does_not_turn_a_slope() -> None:
    assert theil_sen(row("1 2 3 4 900 6 7 8"), np.arange(8.0))[0] == 1.0


def test_missing_days_stay_missing() -> None:
    """Values 1 and 7 six days apart, and 4 in the middle of them."""
    assert theil_sen(row("- 1 - - 4 - - 7"), np.arange(8.0))[0] == 1.0
    assert isnan(theil_sen(row("- 1 -"), np.arange(3.0))[0])


@pytest.mark.parametrize(
    ("numbers", "s", "variance", "z"),
    [
        ("1 2 3 4 5 6 7 8 9 10", 45, 125, 3.9355),  # 44 / sqrt(125)
        ("5 4 3 2 1", -10, 50 / 3, -9 / sqrt(50 / 3)),
        ("1 1 2 2 3", 8, (300 - 18 - 18) / 18, 7 / sqrt(264 / 18)),
        ("4 4 4 4", 0, 0, 0),
        ("1 - 2 - - 3", 3, 66 / 18, 2 / sqrt(66 / 18)),
    ],
)
def test_mann_kendall_from_hand(numbers: str, s: int, variance: float, z: float) -> None:
    (found,), (var,) = mann_kendall(row(numbers))
    test = significance(found, var)
    assert test.s == s
    assert test.variance == pytest.approx(variance)
    assert test.z == pytest.approx(z, abs=5e-5)
    assert test.p == pytest.approx(2 * stats.norm.sf(abs(z)), abs=2e-5)


def random_series(seed: int) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    """Return values, every second series with many ties, and times with gaps."""
    random = np.random.default_rng(seed)
    n = int(random.integers(3, 40))
    times = np.sort(random.choice(120, n, replace=False)).astype(np.float64)
    if seed % 2:
        return random.integers(0, 6, n).astype(np.float64), times
    return random.normal(130, 12, n), times


def test_a_thousand_random_series_agree_with_scipy() -> None:
    for seed in range(1000):
        values, times = random_series(seed)
        (slope,) = theil_sen(values[None], times)
        theirs = stats.theilslopes(values, times)
        assert slope == pytest.approx(theirs.slope, rel=1e-9, abs=1e-9)
        (s,), (variance,) = mann_kendall(values[None])
        if variance == 0:
            assert len(set(values)) == 1
            continue
        tau = stats.kendalltau(times, values, method="asymptotic")
        pairs = len(values) * (len(values) - 1) / 2
        tied = sum(g * (g - 1) / 2 for g in np.unique(values, return_counts=True)[1])
        assert s == pytest.approx(tau.statistic * sqrt(pairs * (pairs - tied)), abs=1e-9)
        # Kendall's test of scipy has no correction for continuity: the same S and variance.
        assert erfc(abs(s) / sqrt(2 * variance)) == pytest.approx(tau.pvalue, abs=1e-9)
        corrected = max(0, abs(s) - 1) / sqrt(variance)
        assert significance(s, variance).p == pytest.approx(2 * stats.norm.sf(corrected), abs=1e-9)


def test_rows_are_told_one_by_one_or_together() -> None:
    random = np.random.default_rng(1)
    rows = np.where(random.random((200, 14)) < 0.3, NAN, random.integers(80, 90, (200, 14)) / 1.0)
    times = np.arange(14.0)
    alone = [(theil_sen(r[None], times), mann_kendall(r[None]), median(r[None])) for r in rows]
    together = (theil_sen(rows, times), mann_kendall(rows), median(rows))
    for n, (slope, tests, middle) in enumerate(alone):
        for one, many in zip(
            (slope, *tests, middle), (together[0], *together[1], together[2]), strict=True
        ):
            assert np.array_equal(one, many[n : n + 1], equal_nan=True)


def test_median_of_few() -> None:
    rows = np.array([[3, 1, NAN, 2], [4, NAN, NAN, 1], [NAN, NAN, NAN, NAN]])
    assert np.array_equal(median(rows), [2, 2.5, NAN], equal_nan=True)


def test_baseline_from_hand() -> None:
    """1 1 2 2 4 6 9: median 2; deviations 1 1 0 0 2 4 7: median 1."""
    centre, sigma = baseline(row("1 1 2 - 2 4 6 9"), 0.5)
    assert (centre[0], sigma[0]) == (2, 1.4826)
    assert baseline(row("5 5 5 5 9"), 0.5)[1][0] == 0.5


@pytest.mark.parametrize(
    ("days", "z"), [(1, 9.945), (2, 9.7495), (5, 10.1253), (28, 10.5731), (30, 10.6341)]
)
def test_montgomery_s_ewma(days: int, z: float) -> None:
    """Weight 0.1."""
    run = row(MONTGOMERY)[:, :days]
    own = sqrt(0.1 / 1.9 * (1 - 0.9 ** (2 * days)))
    assert ewma(run, TEN, ONE, 0.1)[0] == pytest.approx((z - 10) / own, abs=1e-3)


def test_charts_signal_where_their_tables_pass_the_limits() -> None:
    """Limits 10 + 2.7 * sqrt(0.1 / 1.9) = 10.62 for the EWMA, 5 for the CUSUM."""
    runs = [row(MONTGOMERY)[:, :days] for days in range(1, 31)]
    assert [n for n, run in enumerate(runs, 1) if ewma(run, TEN, ONE, 0.1)[0] > 2.7] == [29, 30]
    assert [n for n, run in enumerate(runs, 1) if cusum(run, TEN, ONE, 0.5)[0][0] > 5] == [29, 30]


@pytest.mark.parametrize(
    ("days", "up", "down"), [(1, 0, 0.05), (3, 0, 1.77), (4, 1.16, 0), (29, 5.28, 0)]
)
def test_montgomery_s_cusum(days: int, up: float, down: float) -> None:
    found = cusum(row(MONTGOMERY)[:, :days], TEN, ONE, 0.5)
    assert (found[0][0], found[1][0]) == (pytest.approx(up), pytest.approx(down))


def test_a_missing_day_is_no_step() -> None:
    gaps, whole = row("- 9.45 - 7.99"), row("9.45 7.99")
    assert ewma(gaps, TEN, ONE, 0.1)[0] == ewma(whole, TEN, ONE, 0.1)[0]
    assert cusum(gaps, TEN, ONE, 0.5)[1][0] == cusum(whole, TEN, ONE, 0.5)[1][0]
    assert ema(gaps, 3)[0] == (9.45 + 7.99) / 2
    assert isnan(ewma(row("- -"), TEN, ONE, 0.1)[0])


def test_macd_from_hand() -> None:
    """EMA of 1 day is the day; of 3 days weight 1/2: 10, 11, 13. 15 - 13 = 2."""
    assert macd(row("10 12 15"), 1, 3)[0] == 2


def test_variation_from_hand() -> None:
    """2 4 4 4 5 5 7 9: mean 5, squared deviations 32, sample SD sqrt(32/7)."""
    numbers = [2, 4, 4, 4, 5, 5, 7, 9]
    found = coefficient_of_variation(8, sum(numbers), sum(n * n for n in numbers))
    assert found == pytest.approx(100 * sqrt(32 / 7) / 5)


def test_kovatchev_s_scale() -> None:
    """His scale is made so: 20 and 600 mg/dL are 100, 112.5 is the middle."""
    assert risk(20) == pytest.approx(-100, abs=0.2)
    assert risk(600) == pytest.approx(100, abs=0.2)
    assert risk(112.5) == pytest.approx(0, abs=0.001)


@pytest.mark.parametrize(("mean", "gmi"), [(100, 5.7), (150, 6.9), (200, 8.1), (250, 9.3)])
def test_bergenstal_s_table(mean: float, gmi: float) -> None:
    assert round(management_indicator(mean), 1) == gmi
