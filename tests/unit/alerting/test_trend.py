"""Kind `trend`: Theil-Sen and Mann-Kendall over days, with numbers from hand."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerting.model import Observation
from alerting.rules import kinds
from alerting.rules.trend import Trend
from device_profiles.reading import Validity
from tests.unit.alerting.daily import UNHURRIED, by_day, check_doubles, weeks
from tests.unit.alerting.make import episodes
from tests.unit.alerting.windowed import check_bounded, make, reasons, told

GIVEN: dict[str, Any] = {
    "component": "weight",
    "direction": "high",
    "bands": {"P3": {"kg": "> 1", "[lb_av]": "> 2.2"}, "P2": {"kg": "> 2", "[lb_av]": "> 4.4"}},
    "clear": {"margin": {"kg": 0.2, "[lb_av]": 0.4}, "readings": 2},
}
GAIN = make("trend", **GIVEN)
LOSS = make(
    "trend",
    component="weight",
    direction="low",
    bands={"P3": {"kg": "< -1"}},
    clear={"margin": {"kg": 0.2}},
)
# 0.2 kg a day is 1.4 kg a week.
UP = "80.0 80.2 80.4 80.6 80.8 81.0 81.2 81.4 81.6 81.8"


def test_it_speaks_from_the_eighth_day_on() -> None:
    """Eight days in a row: S 28, variance 8*7*21/18 = 65.33, Z 3.34, p 0.0008."""
    (episode,) = episodes(GAIN, by_day("weight", "kg", UP))
    assert told(GAIN, by_day("weight", "kg", UP)) == ["P3 P3 3 open"]
    first = episode.opened_by
    assert str(first.observation.number) == "81.4"
    assert first.reason.text() == "ends a rise of 1.40 kg a week over 14 days (limit 1)"
    assert {fact.name: fact.value for fact in first.facts} == {
        "Theil-Sen slope per week": "1.40",
        "Mann-Kendall p, two-sided": "0.0008",
        "Mann-Kendall S": "28",
        "days with readings": "8",
    }
    assert len(first.basis) == 8


def test_seven_days_are_too_few_and_gaps_count_as_days_gone() -> None:
    assert not told(GAIN, by_day("weight", "kg", UP[: 7 * 5]))
    # Eight readings over 15 days: the first has left the window.
    assert not told(GAIN, by_day("weight", "kg", "80 - 81 - 82 - 83 - 84 - 85 - 86 - 87"))
    assert told(GAIN, by_day("weight", "kg", "80 - 81 - 82 - 83 - 84 - 85 - 86 87")) != []


def test_steep_by_chance_is_no_trend() -> None:
    """Evens are above all odds: S = 6 + 6 + 10 - 6 = 16, Z = 15 / 8.08 = 1.86, p = 0.063."""
    chart = by_day("weight", "kg", "80 84 81 85 82 86 83 87")
    assert told(GAIN, chart) == []
    assert told(make("trend", **GIVEN | {"alpha": 0.07}), chart) == ["P2 P2 1 open"]


def test_one_wild_day_is_no_trend() -> None:
    assert told(GAIN, by_day("weight", "kg", "80 80 80 80 95 80 80 80 80 80")) == []


def test_it_closes_when_the_slope_is_back_by_the_margin() -> None:
    """After the rise all days are 81.8, until most pairs of 14 days have no slope."""
    chart = by_day("weight", "kg", UP + " 81.8" * 12)
    (episode,) = episodes(GAIN, chart)
    assert told(GAIN, chart)[0].endswith("closed")
    # Up to 0.2 more on each of half of the days: the median slope of the window is above 0.8/7.
    assert len(episode.cleared_by) == 2


def test_a_fall_and_pounds() -> None:
    down = by_day("weight", "kg", " ".join(reversed(UP.split())))
    assert told(LOSS, down) == ["P3 P3 3 open"]
    assert reasons(LOSS, down)[0] == "ends a fall of 1.40 kg a week over 14 days (limit 1)"
    assert told(GAIN, down) == []
    pounds = by_day("weight", "[lb_av]", "180 181 182 183 184 185 186 187")
    assert reasons(GAIN, pounds)[0].startswith("ends a rise of 7.00 ")


def test_questionable_readings_play_no_part() -> None:
    chart = by_day("weight", "kg", UP)
    chart[3] = chart[3].model_copy(update={"validity": Validity.QUESTIONABLE})
    assert told(GAIN, chart) == ["P3 P3 2 open"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"days": 7}, "at_least is more than days"),
        ({"alpha": 1}, "less than 1"),
        ({"bands": {"P3": {"kg": "< 1"}}, "clear": {"margin": {"kg": 0}}}, "points the other way"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        make("trend", **GIVEN | change)


def lint(**change: Any) -> tuple[str, ...]:
    rule = make("trend", **GIVEN | change)
    assert isinstance(rule, Trend)
    return kinds()["trend"].lint(rule)


def test_lint() -> None:
    """Of five days Z is at most 9 / sqrt(16.67) = 2.20, so p is 0.027 or more; of four 0.089."""
    assert lint() == ()
    assert lint(at_least=4) == ("4 days never reach alpha 0.05: p is 0.089 or more",)
    assert lint(at_least=5) == ()
    assert lint(bands={"P3": {"kg": "> 1"}}, clear={"margin": {"kg": 1}}) == (
        "no bound in [lb_av]",
        "clear.margin in kg is the whole bound: only a turned trend ends an episode",
    )
    assert "> 0 kg a week is reached without any trend" in lint(
        bands={"P3": {"kg": "> 0"}}, clear={"margin": {"kg": 0}}
    )


def test_a_unit_that_does_not_convert_is_a_problem() -> None:
    chart = by_day("weight", "%", "80")
    (problem,) = kinds()["trend"].problems(GAIN, chart)
    assert problem.reason == "no bound for the unit %"


SMALL = make("trend", **GIVEN | {"days": 6, "at_least": 4, "alpha": 0.4})
CHARTS = weeks(
    "weight", {"kg": ["80", "80.3", "81", "82.5", "84"], "[lb_av]": ["176", "178", "182"]}
)


@UNHURRIED
@given(chart=CHARTS, random=st.randoms(use_true_random=False))
def test_order_and_doubles_change_nothing(chart: list[Observation], random: Random) -> None:
    check_doubles(SMALL, chart, random)


@UNHURRIED
@given(chart=CHARTS, hour=st.integers(0, 30 * 24))
def test_bounded_is_whole(chart: list[Observation], hour: int) -> None:
    check_bounded(SMALL, chart, hour)
