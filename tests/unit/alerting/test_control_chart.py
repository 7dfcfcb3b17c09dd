"""Kind `control_chart`: EWMA, CUSUM and MACD against a person's own days, numbers from hand."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerting.model import Observation, Rule
from alerting.rules import kinds
from tests.unit.alerting.daily import UNHURRIED, by_day, check_doubles, weeks
from tests.unit.alerting.make import episodes
from tests.unit.alerting.windowed import check_bounded, make, reasons, told

EWMA: dict[str, Any] = {
    "component": "weight",
    "direction": "high",
    "chart": {"method": "ewma"},
    "baseline": {"lag": 3, "floor": {"kg": 0.5, "[lb_av]": 1.1}},
    "bands": {"P3": {"1": "> 3"}},
    "clear": {"margin": {"1": 1}, "readings": 1},
}
CUSUM = EWMA | {"chart": {"method": "cusum"}, "bands": {"P3": {"1": "> 5"}}}
MACD = EWMA | {
    "chart": {"method": "macd", "short": 1, "long": 3},
    "baseline": {"lag": 3},
    "bands": {"P3": {"kg": "> 0.9"}},
    "clear": {"margin": {"kg": 0.1}},
}
# Median 80, MAD 0: sigma is the floor of 0.5 kg.
USUAL = "80 " * 14


def chart(numbers: str, unit: str = "kg") -> list[Observation]:
    return by_day("weight", unit, USUAL + numbers)


def rule(given: dict[str, Any] = EWMA, **change: Any) -> Rule:
    return make("control_chart", **given | change)


def first(given: Rule, numbers: str) -> str:
    """Return the number that opens an episode."""
    (episode,) = episodes(given, chart(numbers))
    return str(episode.opened_by.observation.number)


def test_ewma_counts_a_single_wild_day_by_its_weight() -> None:
    """After one day z is L*x and its sigma L*sigma: 1.5 kg are 3 sigmas of 0.5, and no more."""
    # Today's day is the first of the chart only where the two before it are missing.
    assert told(rule(), chart("- - 81.5")) == []
    assert told(rule(), chart("- - 81.6")) == ["P3 P3 1 open"]


def test_ewma_from_hand() -> None:
    """81 for three days: z = 80.2, 80.36, 80.488; 0.488 / (0.5 * sqrt(0.111 * 0.738)) = 3.41."""
    (episode,) = episodes(rule(), chart("81 81 81"))
    opened = episode.opened_by
    assert len(episode.evidence) == 1
    assert [(fact.name, fact.value, fact.unit) for fact in opened.facts] == [
        ("personal baseline", "80.00", "kg"),
        ("sigma of the baseline", "0.50", "kg"),
        ("EWMA in sigmas", "3.41", ""),
    ]
    assert opened.reason.text() == (
        "ends days that are unusually high for this patient, whose usual value is 80.0 kg "
        "(EWMA 3.41, limit 3)"
    )


def test_cusum_from_hand() -> None:
    """81 is 2 sigmas: C+ 1.5, 3.0, 4.5, below 5. Of 82 it is 3.5, 7.0."""
    assert told(rule(CUSUM), chart("81 81 81")) == []
    assert reasons(rule(CUSUM), chart("- 82 82"))[0].endswith("(CUSUM 7.00, limit 5)")


def test_on_the_low_side_bounds_are_negative() -> None:
    low = rule(CUSUM, direction="low", bands={"P3": {"1": "< -5"}})
    assert told(low, chart("- 78 78")) == ["P3 P3 1 open"]
    assert reasons(low, chart("- 78 78"))[0].endswith("80.0 kg (CUSUM -7.00, limit -5)")
    assert told(low, chart("- 82 82")) == []


def test_macd_from_hand() -> None:
    """Of 80, 80, 82: the mean of 1 day is 82, that of 3 days 81."""
    assert told(rule(MACD), chart("- - 82")) == ["P3 P3 1 open"]
    assert told(rule(MACD), chart("- - 81.8")) == []
    (episode,) = episodes(rule(MACD), chart("- - 82"))
    assert [(fact.name, fact.value) for fact in episode.opened_by.facts] == [
        ("personal baseline", "80.00"),
        ("MACD", "1.00"),
    ]


def test_thirteen_days_are_no_baseline() -> None:
    assert told(rule(), by_day("weight", "kg", "80 " * 13 + "90 90 90")) == []


def test_what_is_judged_is_not_in_its_baseline() -> None:
    """A new level is unusual until most of the 28 days are of it, and then usual."""
    found = told(rule(), by_day("weight", "kg", "80 " * 28 + "84 " * 40))
    assert found == ["P3 P3 16 closed"]


def test_sigma_is_the_person_s_own() -> None:
    """78 and 82 in turn: MAD 2, sigma 2.97; one day of 88 is 2.7 of them, of 89 it is 3.04."""
    restless = "78 82 " * 7 + "- - "
    assert told(rule(), by_day("weight", "kg", restless + "88")) == []
    assert told(rule(), by_day("weight", "kg", restless + "89.1")) == ["P3 P3 1 open"]


def test_the_first_days_of_the_window_may_be_the_baseline() -> None:
    """Ten days of 80, then 81: the first of them is 2 sigmas, the second more."""
    whole = rule(CUSUM, baseline={"days": 28, "first": 10, "at_least": 10, "floor": {"kg": 0.5}})
    # C+ is 1.5 a day: the fourth is beyond 5.
    found = episodes(whole, by_day("weight", "kg", "80 " * 10 + "81 81 81 81 81"))
    assert [len(episode.evidence) for episode in found] == [2]


def test_pounds_have_their_own_floor() -> None:
    """1.1 lb: a day of 3.4 lb more is 3.09 sigmas."""
    pounds = by_day("weight", "[lb_av]", "176 " * 14 + "- - 179.4")
    assert told(rule(), pounds) == ["P3 P3 1 open"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"bands": {"P3": {"kg": "> 3"}}, "clear": {"margin": {"kg": 1}}}, 'the unit is "1"'),
        ({"baseline": {"lag": 3}}, "ewma needs baseline.floor"),
        ({"baseline": {"floor": {"kg": 1}}}, "either lag or first"),
        ({"baseline": {"lag": 3, "first": 14, "floor": {"kg": 1}}}, "either lag or first"),
        ({"baseline": {"lag": 3, "at_least": 29, "floor": {"kg": 1}}}, "more days than it has"),
        ({"baseline": {"lag": 3, "floor": {"kg": 0}}}, "greater than 0"),
        ({"chart": {"method": "tarot"}}, "ewma"),
        ({"chart": {"method": "macd", "short": 9, "long": 9}}, "long is not longer"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        rule(**change)


def lint(given: Rule) -> tuple[str, ...]:
    return kinds()["control_chart"].lint(given)


def test_lint() -> None:
    assert lint(rule()) == ()
    assert lint(rule(MACD)) == ("no bound in [lb_av]",)
    short = {"lag": 1, "floor": {"kg": 1, "[lb_av]": 2}}
    assert lint(rule(baseline=short)) == (
        "the chart runs over 1 days only: it sees single days, no change of level",
    )
    assert lint(rule(bands={"P3": {"1": "> 0"}})) == ("> 0 is reached on days like all others",)
    assert lint(rule(clear={"margin": {"1": 3}})) == (
        "clear.margin in 1 is the whole bound: a usual day does not end an episode",
    )
    long = rule(MACD, chart={"method": "macd", "short": 1, "long": 60})
    assert "the long mean of 60 days has 31 to look at" in lint(long)


def test_a_patient_s_own_limits_fit() -> None:
    given = rule().model_dump()
    assert type(rule()).model_validate(given) == rule()


FEW = {"days": 6, "at_least": 5, "floor": {"kg": 0.5, "[lb_av]": 1.1}}
LOW = {"P3": {"1": "> 0.5"}}
SMALL = [
    rule(EWMA, baseline=FEW | {"lag": 3}, bands=LOW, clear={"margin": {"1": 0.1}}),
    rule(CUSUM, baseline=FEW | {"lag": 3}, bands=LOW, clear={"margin": {"1": 0.1}}),
    rule(CUSUM, baseline=FEW | {"days": 12, "first": 5}, bands=LOW, clear={"margin": {"1": 0.1}}),
    rule(
        MACD,
        baseline={"days": 6, "at_least": 5, "lag": 3},
        bands={"P3": {"kg": "> 0.3", "[lb_av]": "> 0.7"}},
        clear={"margin": {"kg": 0.1, "[lb_av]": 0.2}},
    ),
]
WHAT = {"kg": ["80", "80.3", "81", "82.5", "84"], "[lb_av]": ["176", "178", "182"]}


@UNHURRIED
@given(
    given=st.sampled_from(SMALL),
    chart=weeks("weight", WHAT),
    random=st.randoms(use_true_random=False),
)
def test_order_and_doubles_change_nothing(
    given: Rule, chart: list[Observation], random: Random
) -> None:
    check_doubles(given, chart, random)


@UNHURRIED
@given(given=st.sampled_from(SMALL), chart=weeks("weight", WHAT), hour=st.integers(0, 30 * 24))
def test_bounded_is_whole(given: Rule, chart: list[Observation], hour: int) -> None:
    check_bounded(given, chart, hour)
