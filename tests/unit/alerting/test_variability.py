"""Kind `variability`: CV, shares of readings and risks over a window, numbers from hand."""

from collections.abc import Iterable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerting.model import Observation, Rule
from alerting.rules import kinds
from device_profiles.reading import Validity
from tests.unit.alerting.daily import UNHURRIED, check_doubles, weeks
from tests.unit.alerting.make import episodes, observe, series
from tests.unit.alerting.windowed import check_bounded, make, reasons, told

TARGET = {"mg/dL": {"low": 70, "high": 180}, "mmol/L": {"low": "3.9", "high": "10.0"}}


def rule(measure: str, bound: str, *, unit: str = "%", **change: Any) -> Rule:
    given: dict[str, Any] = {
        "component": "glucose",
        "direction": "high" if bound.startswith(">") else "low",
        "measure": measure,
        "at_least": 8,
        "bands": {"P3": {unit: bound}},
        "clear": {"margin": {unit: 2}, "readings": 1},
    }
    if measure in {"in_range", "above", "below"}:
        given["range"] = TARGET
    return make("variability", **given | change)


def facts(given: Rule, chart: Iterable[Observation]) -> list[tuple[str, str]]:
    """Return the numbers behind the newest reading that fires."""
    (episode,) = episodes(given, list(chart))
    return [(fact.name, fact.value) for fact in episode.evidence[-1].facts]


def test_variation_from_hand() -> None:
    """20 40 40 40 50 50 70 90: mean 50, sample SD sqrt(3200/7) = 21.38, CV 42.8 %."""
    chart = series("glucose", "20 40 40 40 50 50 70 90")
    assert facts(rule("cv", "> 36"), chart) == [("cv", "42.8"), ("readings", "8"), ("days", "14")]
    assert reasons(rule("cv", "> 36"), chart) == [
        "brings the variation (CV) of 8 readings to 42.8 %, above 36"
    ]
    assert told(rule("cv", "> 42.8"), chart) == []


def test_variation_is_of_no_unit_and_of_any_component() -> None:
    """2 4 4 4 5 5 7 9 mmol/L vary as ten times as many mg/dL do."""
    assert facts(rule("cv", "> 36"), series("glucose", "2 4 4 4 5 5 7 9", "mmol/L"))[0][1] == "42.8"
    pressure = rule("cv", "> 36", component="systolic")
    assert facts(pressure, series("systolic", "20 40 40 40 50 50 70 90"))[0][1] == "42.8"


@pytest.mark.parametrize(
    ("measure", "bound", "value"),
    [("in_range", "< 70", "50.0"), ("above", "> 25", "30.0"), ("below", "> 4", "20.0")],
)
def test_shares_have_their_ends_in_range(measure: str, bound: str, value: str) -> None:
    """Of ten: 70, 180, 100, 100 and 120 are in; 181, 250 and HI above; 69 and LO below."""
    chart = series("glucose", "69 LO 181 250 HI 70 180 100 100 120")
    assert facts(rule(measure, bound), chart)[:2] == [(measure, value), ("readings", "10")]


def test_the_range_is_that_of_the_meter_s_unit() -> None:
    """10.0 mmol/L is in range, though it is 180.2 mg/dL."""
    chart = series("glucose", "10.0 10.0 10.0 10.0 10.0 10.0 10.1 10.1", "mmol/L")
    assert facts(rule("above", "> 20"), chart)[0] == ("above", "25.0")


def test_a_hi_is_no_part_of_a_mean() -> None:
    chart = [*series("glucose", "100 100 100 100 100 100 100"), observe("glucose", "HI", hour=9)]
    assert told(rule("cv", ">= 0"), chart) == []
    chart.append(observe("glucose", "100", hour=10))
    assert facts(rule("cv", ">= 0"), chart)[:2] == [("cv", "0.0"), ("readings", "8")]


def test_risks_and_indicator() -> None:
    """20 mg/dL is a risk of 100, of which half the readings make 50; a mean of 150 is 6.9 %."""
    low, high = series("glucose", "20 112.5 " * 4), series("glucose", "600 112.5 " * 4)
    (_, lbgi), (_, hbgi) = (
        facts(rule("lbgi", "> 2.5", unit="1"), low)[0],
        facts(rule("hbgi", "> 9", unit="1"), high)[0],
    )
    assert float(lbgi) == pytest.approx(50, abs=0.1)
    assert float(hbgi) == pytest.approx(50, abs=0.1)
    assert told(rule("hbgi", "> 9", unit="1"), low) == []
    assert facts(rule("gmi", "> 6"), series("glucose", "100 200 " * 4))[0] == ("gmi", "6.9")


def test_seven_readings_are_too_few_and_the_window_ends_with_the_reading() -> None:
    given = rule("above", "> 25", days=1)
    assert told(given, series("glucose", "200 " * 7)) == []
    chart = [observe("glucose", "200", hour=4 * n) for n in range(12)]
    # A day takes six of these, the one 24 hours ago no more.
    assert told(given, chart) == []
    assert told(rule("above", "> 25", days=1, at_least=6), chart) == ["P3 P3 7 open"]


def test_it_closes_by_the_margin() -> None:
    """Of n readings two are above: 2/7 is 28.6, 2/8 25.0, 2/9 22.2 %."""
    given = rule("above", ">= 25", at_least=7, days=14)
    chart = series("glucose", "200 200 100 100 100 100 100 100")
    assert told(given, chart) == ["P3 P3 2 open"]
    chart = series("glucose", "200 200 100 100 100 100 100 100 100")
    assert told(given, chart) == ["P3 P3 2 closed"]


def test_questionable_readings_play_no_part() -> None:
    chart = series("glucose", "200 " * 8)
    doubt = chart[3].model_copy(update={"validity": Validity.QUESTIONABLE})
    assert told(rule("above", "> 25"), [*chart[:3], doubt, *chart[4:]]) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"measure": "mood"}, "measure is one of: cv, in_range"),
        ({"range": TARGET}, "cv has no range"),
        ({"measure": "above"}, "above needs a range"),
        ({"measure": "lbgi"}, 'bounds of lbgi have the unit "1"'),
        ({"measure": "above", "range": {"mg/dL": {"low": 180, "high": 70}}}, "high is not above"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(change: dict[str, Any], reason: str) -> None:
    given = rule("cv", "> 36").model_dump() | change
    with pytest.raises(ValidationError, match=reason):
        kinds()["variability"].rule.model_validate(given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (rule("cv", "> 36"), ()),
        (rule("in_range", "< 70"), ()),
        (rule("above", "> 25", range={"mg/dL": TARGET["mg/dL"]}), ("no bound in mmol/L",)),
        (rule("in_range", "> 70"), ("in_range on the high side is nothing that is wrong",)),
        (rule("below", ">= 100"), (">= 100 is no share that tells readings apart",)),
        (rule("gmi", "> 8", component="systolic"), ("gmi is of glucose, and this is systolic",)),
        (rule("cv", "> 36", component="mood"), ("no device measures 'mood'",)),
    ],
)
def test_lint(given: Rule, said: tuple[str, ...]) -> None:
    assert kinds()["variability"].lint(given) == said


def test_a_unit_that_does_not_convert_is_a_problem() -> None:
    odd = [observe("glucose", "5", unit="g")]
    (problem,) = kinds()["variability"].problems(rule("above", "> 25"), odd)
    assert problem.reason == "no bound for the unit g"
    assert kinds()["variability"].problems(rule("cv", "> 36"), odd) == ()


SMALL = [
    rule("cv", "> 36", days=9, at_least=3),
    rule("in_range", "< 70", days=9, at_least=3),
    rule("below", "> 4", days=9, at_least=3),
    rule("lbgi", "> 2.5", unit="1", days=9, at_least=3),
    rule("gmi", "> 7", days=9, at_least=3),
]
WHAT = {"mg/dL": ["40", "69", "70", "120", "181", "260", "HI", "LO"], "mmol/L": ["3.8", "10.1"]}


@UNHURRIED
@given(
    given=st.sampled_from(SMALL),
    chart=weeks("glucose", WHAT),
    random=st.randoms(use_true_random=False),
)
def test_order_and_doubles_change_nothing(
    given: Rule, chart: list[Observation], random: Random
) -> None:
    check_doubles(given, chart, random)


@UNHURRIED
@given(given=st.sampled_from(SMALL), chart=weeks("glucose", WHAT), hour=st.integers(0, 30 * 24))
def test_bounded_is_whole(given: Rule, chart: list[Observation], hour: int) -> None:
    check_bounded(given, chart, hour)
