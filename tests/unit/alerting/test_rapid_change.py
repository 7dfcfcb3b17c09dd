"""Kind `rapid_change`: gains and falls against the lowest, the highest or the median before."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerting.model import Observation
from alerting.rules import kinds
from tests.unit.alerting.make import episodes, observe
from tests.unit.alerting.windowed import check_arrival, check_bounded, make, reasons, several, told

# A weight gain of 1.5 kg in a day (with 4 h, since nobody weighs to the minute) or 2.3 in a week.
DAY = make(
    "rapid_change",
    component="weight",
    direction="high",
    against="lowest",
    within="PT28H",
    bands={"P2": {"kg": ">= 1.5", "[lb_av]": ">= 3.3"}},
    clear={"margin": {"kg": 0.3, "[lb_av]": 0.7}, "readings": 1},
)
WEEK = make(
    "rapid_change",
    component="weight",
    direction="high",
    against="lowest",
    within="P7D",
    bands={"P2": {"kg": ">= 2.3"}},
    clear={"margin": {"kg": 0.3}, "readings": 1},
)
SPO2 = make(
    "rapid_change",
    component="spo2",
    direction="low",
    against="highest",
    within="P1DT1H",
    bands={"P2": {"%": "<= -3"}, "P1": {"%": "<= -6"}},
    clear={"margin": {"%": 1}, "readings": 1},
)
MEDIAN = make(
    "rapid_change",
    component="spo2",
    direction="low",
    against="median",
    needs=3,
    within="P7D",
    bands={"P2": {"%": "<= -3"}},
    clear={"margin": {"%": 0}, "readings": 1},
)


def days(component: str, numbers: str, unit: str = "kg") -> list[Observation]:
    return [
        observe(component, word, hour=24 * day, unit=unit)
        for day, word in enumerate(numbers.split())
        if word != "-"
    ]


@pytest.mark.parametrize(
    ("numbers", "day", "week"),
    [
        ("80 81.4", [], []),
        ("80 81.5", ["P2 P2 1 open"], []),
        ("80 81 82", [], []),
        ("80 81 82 82.3", [], ["P2 P2 1 open"]),
        # The lowest of the week counts, not the first; yesterday's is what a day compares with.
        ("82 80 81 82.3", [], ["P2 P2 1 open"]),
        ("80 - 82", [], []),
        ("80 82.3", ["P2 P2 1 open"], ["P2 P2 1 open"]),
        # It ends when the new weight is no news any more: 0.2 a day, the next is far from 1.2.
        ("80 81.5 81.7", ["P2 P2 1 closed"], []),
        ("80 81.5 82.8", ["P2 P2 1 open"], ["P2 P2 1 open"]),  # 1.3 is held by the margin
        ("80", [], []),
        ("80 - - - - - - 82.3", [], ["P2 P2 1 open"]),  # exactly seven days
        ("80 - - - - - - - 82.3", [], []),
    ],
)
def test_weight_gain(numbers: str, day: list[str], week: list[str]) -> None:
    chart = days("weight", numbers)
    assert (told(DAY, chart), told(WEEK, chart)) == (day, week)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ("97 95", []),
        ("97 94", ["P2 P2 1 open"]),
        ("97 91", ["P1 P1 1 open"]),
        ("91 97", []),
    ],
)
def test_a_fall(numbers: str, expected: list[str]) -> None:
    assert told(SPO2, days("spo2", numbers, "%")) == expected


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ("97 94", []),  # the median needs three
        ("97 96 94", []),
        ("97 96 98 94", ["P2 P2 1 open"]),
        ("97 97 91 94", ["P2 P2 1 open"]),  # 91 has only two before it
        ("97 96 97 96 94", []),  # 96.5
        ("97 96 97 96 93", ["P2 P2 1 open"]),
    ],
)
def test_against_the_median(numbers: str, expected: list[str]) -> None:
    assert told(MEDIAN, days("spo2", numbers, "%")) == expected


def test_pounds_and_kilograms_meet() -> None:
    kg, lb = observe("weight", "80", unit="kg"), observe("weight", "179.7", hour=24, unit="[lb_av]")
    assert told(DAY, [kg, lb]) == ["P2 P2 1 open"]  # 176.37 lb and 3.33
    assert told(DAY, [kg, lb.model_copy(update={"number": lb.number and lb.number - 1})]) == []
    assert told(WEEK, [kg, lb]) == []
    assert reasons(DAY, [kg, lb]) == [
        "is 3.33 lb above the lowest of the 28 hours before, 176.37 lb"
    ]


def test_it_says_what_it_compares_with() -> None:
    (episode,) = episodes(WEEK, days("weight", "80.4 80.1 81 82.7"))
    (evidence,) = episode.evidence
    assert str(evidence.reason) == "is 2.6 kg above the lowest of the 7 days before, 80.1 kg"
    assert [(f.name, f.value, f.unit) for f in evidence.facts] == [
        ("lowest", "80.1", "kg"),
        ("change", "2.6", "kg"),
    ]
    assert evidence.basis == (days("weight", "- 80.1")[0].reading_id,)


def test_a_number_off_the_scale_is_no_number() -> None:
    chart = [observe("spo2", "LO"), observe("spo2", "97", hour=1), observe("spo2", "LO", hour=2)]
    assert told(SPO2, chart) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"bands": {"P2": {"%": "<= 3"}}}, "no change at all"),
        ({"bands": {"P2": {"%": ">= 3"}}}, "points the other way"),
        ({"against": "lowest"}, "goes with direction high"),
    ],
)
def test_a_rule_that_cannot_be_meant(change: dict[str, object], reason: str) -> None:
    given = SPO2.model_dump(exclude={"kind"}) | {"bands": {"P2": {"%": "<= -3"}}} | change
    with pytest.raises(ValidationError, match=reason):
        make("rapid_change", **given)


def test_lint_and_problems() -> None:
    kind = kinds()["rapid_change"]
    assert kind.lint(WEEK) == ("no bound in [lb_av]",)
    daily = DAY.model_copy(update={"within": SPO2.looks_back - SPO2.looks_back / 25})
    assert kind.lint(daily)[0].startswith("within exactly 24 h")
    (problem,) = kind.problems(WEEK, [observe("weight", "80", unit="[stone_av]")])
    assert problem.reason == "no bound for the unit [stone_av]"


CHART = several({"spo2": ["88", "91", "93", "94", "96", "97", "98", "LO"]})


@given(chart=CHART, random=st.randoms(use_true_random=False), hour=st.integers(0, 72))
def test_arrival_and_bounds(chart: list[Observation], random: Random, hour: int) -> None:
    for rule in (SPO2, MEDIAN):
        check_arrival(rule, chart, random)
        check_bounded(rule, chart, hour)
