"""Kind `sustained`: k of the last n, or all for a time."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerting.model import Observation
from alerting.rules import kinds
from device_profiles.reading import Validity
from tests.unit.alerting.make import observe, series
from tests.unit.alerting.windowed import check_arrival, check_bounded, make, reasons, several, told

COMMON = {
    "component": "systolic",
    "direction": "high",
    "bands": {"P2": {"mm[Hg]": ">= 160"}, "P3": {"mm[Hg]": ">= 140"}},
    "clear": {"margin": {"mm[Hg]": 5}, "readings": 2},
    "within": "P2D",
}
OFTEN = make("sustained", **COMMON, times=2, of=3)
LONG = make("sustained", **COMMON, times=3, lasting="PT3H")


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ("170", []),
        ("170 120 120 170", []),
        ("170 120 170", ["P2 P2 1 open"]),
        ("170 170", ["P2 P2 1 open"]),
        # Of three, two are beyond the milder bound, one beyond the worse.
        ("170 150", ["P3 P3 1 open"]),
        ("170 150 165", ["P2 P2 2 open"]),
        # 136 is held by the margin, 134 is good; two good ones close.
        ("150 150 136 134", ["P3 P3 1 open"]),
        ("150 150 134 134", ["P3 P3 1 closed"]),
        ("150 150 134 134 150 150", ["P3 P3 1 closed", "P3 P3 1 open"]),
        # Lowered when two readings in a row hold the milder band only.
        ("170 170 150 150", ["P3 P2 3 open"]),
        ("170 170 157 150", ["P2 P2 3 open"]),
        # A questionable one counts for itself: it opens, but is no company for the next.
        ("170 170?", ["P2 P2 1 open"]),
        ("170? 170", []),
        ("HI? HI", []),
        ("HI HI", ["P2 P2 1 open"]),
        ("LO LO LO", []),
    ],
)
def test_two_of_three(numbers: str, expected: list[str]) -> None:
    chart = [
        one.model_copy(update={"validity": one.validity}) for one in series("systolic", numbers)
    ]
    assert told(OFTEN, chart) == expected


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ("150 150 150", []),  # two hours
        ("150 150 150 150", ["P3 P3 1 open"]),
        ("170 170 170 150", ["P3 P3 1 open"]),
        ("170 170 170 170", ["P2 P2 1 open"]),
        ("150 150 139 150 150", []),
        ("150 150 130? 150", ["P3 P3 1 open"]),
    ],
)
def test_three_hours(numbers: str, expected: list[str]) -> None:
    assert told(LONG, series("systolic", numbers)) == expected


def test_two_readings_are_not_three_however_long() -> None:
    far = [observe("systolic", "150", hour=hour) for hour in (0, 10)]
    assert told(LONG, far) == []
    assert told(LONG, [*far, observe("systolic", "150", hour=11)]) == ["P3 P3 1 open"]


def test_what_is_older_than_within_does_not_count() -> None:
    for hour, expected in ((48, ["P3 P3 1 open"]), (48.01, [])):
        chart = [observe("systolic", "150"), observe("systolic", "150", hour=hour)]
        assert told(OFTEN, chart) == expected


def test_two_values_of_one_reading_are_one_reading() -> None:
    both = [observe("systolic", "150", n=1), observe("systolic", "150", n=1)]
    assert told(OFTEN, both) == []


def test_it_says_why() -> None:
    assert reasons(OFTEN, series("systolic", "165 150")) == [
        "is at or above 140, as 2 of the last 2 readings are"
    ]
    assert reasons(LONG, series("systolic", "165 150 145 141")) == [
        "is at or above 140, as all 4 readings of 3 hours are"
    ]
    kpa = [observe("systolic", "24.0", hour=h, unit="kPa") for h in (0, 1)]
    assert reasons(OFTEN, kpa) == [
        "is at or above 160 mmHg, as 2 of the last 2 readings are",
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"of": None}, "say either"),
        ({"lasting": "PT1H"}, "say either"),
        ({"times": 4}, "4 of 3 readings"),
        ({"of": None, "lasting": "P3D"}, "never hold"),
        ({"times": 1}, "greater than or equal to 2"),
    ],
)
def test_a_rule_that_cannot_be_meant(change: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        make("sustained", **COMMON | {"times": 2, "of": 3} | change)


def test_lint_and_problems() -> None:
    kind = kinds()["sustained"]
    assert kind.lint(OFTEN) == ("no bound in kPa",)
    (problem,) = kind.problems(OFTEN, [observe("systolic", "24", unit="cm[H2O]")])
    assert problem.reason == "no bound for the unit cm[H2O]"
    odd = observe("systolic", "150", validity=Validity.CONTROL)
    assert told(OFTEN, [odd, observe("systolic", "150", hour=1)]) == []


CHART = several({"systolic": ["120", "134", "136", "139", "140", "158", "160", "HI", "LO"]})


@given(chart=CHART, random=st.randoms(use_true_random=False), hour=st.integers(0, 72))
def test_arrival_and_bounds(chart: list[Observation], random: Random, hour: int) -> None:
    for rule in (OFTEN, LONG):
        check_arrival(rule, chart, random)
        check_bounded(rule, chart, hour)


ONE_OR_TWO = make(
    "sustained",
    **COMMON | {"bands": {"P2": {"mm[Hg]": ">= 180"}}},
    times=2,
    of=2,
    alone={"bands": {"P3": {"mm[Hg]": ">= 170"}}, "beyond_range": "P1"},
)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ("169", []),
        ("170", ["P3 P3 1 open"]),
        ("185", ["P3 P3 1 open"]),
        # Twice makes the same alert worse.
        ("185 190", ["P2 P2 2 open"]),
        ("170 185 172 190", ["P3 P3 4 open"]),
        # It is held by the milder bound, and ends by it.
        ("185 185 166 166", ["P3 P2 2 open"]),
        ("185 185 164 164", ["P2 P2 2 closed"]),
        ("HI", ["P1 P1 1 open"]),
    ],
)
def test_one_is_enough_for_a_milder_band(numbers: str, expected: list[str]) -> None:
    assert told(ONE_OR_TWO, series("systolic", numbers)) == expected
