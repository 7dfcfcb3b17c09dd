"""Kind `composite`: and, or, not across vital signs, and what is not known."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerting.model import Observation
from alerting.rules import kinds
from device_profiles.reading import Validity
from tests.unit.alerting.make import episodes, observe
from tests.unit.alerting.windowed import check_arrival, check_bounded, make, reasons, several, told

LOW = {"component": "systolic", "is": {"mm[Hg]": "< 90", "kPa": "< 12"}, "margin": {"mm[Hg]": 5}}
FAST = {"component": "pulse", "is": {"/min": "> 110"}}
DIP = {"component": "spo2", "is": {"%": "<= 92"}}


def rule(when: Any, **given: Any) -> Any:
    common = {"direction": "low", "within": "PT12H", "clear": {"readings": 1}}
    return make("composite", when={"P1": when}, **common | given)


BOTH = rule({"all": [LOW, FAST]})
EITHER = rule({"any": [LOW, DIP]})
ONLY = rule({"all": [LOW, {"not": FAST}]})
ONLY_OR_NONE = rule({"all": [LOW, {"not": FAST, "or_missing": True}]})
UNITS_OF = {"s": "systolic", "p": "pulse", "o": "spo2"}


def vitals(written: str) -> list[Observation]:
    """Make one reading an hour: s85, p120, o91; s85+p120 is one reading of a cuff."""
    return [
        observe(UNITS_OF[part[0]], part[1:].rstrip("?"), hour=hour).model_copy(
            update={
                "ordinal": ordinal,
                "validity": Validity.QUESTIONABLE if "?" in part else Validity.VALID,
            }
        )
        for hour, word in enumerate(written.split())
        for ordinal, part in enumerate(word.split("+"))
        if part != "-"
    ]


OPEN, CLOSED = ["P1 P1 1 open"], ["P1 P1 1 closed"]


@pytest.mark.parametrize(
    ("made", "written", "expected"),
    [
        (BOTH, "s85", []),
        (BOTH, "p120", []),
        (BOTH, "s85 p120", OPEN),
        (BOTH, "p120 s85", OPEN),
        (BOTH, "s85+p120", OPEN),
        (BOTH, "s85+p100", []),
        (BOTH, "s85 s100 p120", []),  # the latest counts
        (BOTH, "s85 p120 p100", CLOSED),
        (BOTH, "s85+p120 s92+p120", OPEN),  # within the margin
        (BOTH, "s85+p120 s96+p120", CLOSED),
        (BOTH, "s85? p120", []),  # a questionable one speaks for itself alone
        (BOTH, "p120 s85?", OPEN),
        (BOTH, "s85+p120 s120?+p80?", OPEN),
        (EITHER, "s85", OPEN),
        (EITHER, "o91", OPEN),
        (EITHER, "o95 s100", []),
        (EITHER, "o91 s100", ["P1 P1 2 open"]),
        (ONLY, "s85", []),  # nothing is known of the pulse
        (ONLY, "s85 p80", OPEN),
        (ONLY, "p120 s85", []),
        (ONLY, "p80 s85", OPEN),
        (ONLY_OR_NONE, "s85", OPEN),
        (ONLY_OR_NONE, "p120 s85", []),
        (BOTH, "sLO+pHI", OPEN),
        (BOTH, "sHI+pHI", []),
    ],
)
def test_answers(made: Any, written: str, expected: list[str]) -> None:
    assert told(made, vitals(written)) == expected


def test_what_is_older_than_the_window_is_not_known() -> None:
    for hour, expected in ((12, OPEN), (12.01, [])):
        chart = [observe("systolic", "85"), observe("pulse", "120", hour=hour)]
        assert told(BOTH, chart) == expected


def test_an_open_episode_does_not_end_by_absence() -> None:
    chart = [*vitals("s85+p120"), observe("pulse", "120", hour=20)]
    assert told(BOTH, chart) == OPEN
    assert told(BOTH, [*chart, observe("pulse", "80", hour=21)]) == CLOSED


def test_a_leaf_may_have_a_window_of_its_own() -> None:
    made = rule({"all": [LOW | {"within": "PT1H"}, FAST]})
    assert told(made, vitals("s85 p120")) == OPEN
    assert told(made, vitals("s85 - p120")) == []


def test_the_worse_of_two_values_counts() -> None:
    both = [observe("systolic", n, n=1) for n in ("120", "85")]
    assert told(EITHER, both) == OPEN
    assert told(EITHER, both[::-1]) == OPEN


def test_severities() -> None:
    made = make(
        "composite",
        direction="low",
        within="PT12H",
        when={"P2": {"any": [LOW, DIP]}, "P1": {"all": [LOW, DIP]}},
        clear={"readings": 1},
    )
    assert told(made, vitals("s85 o91")) == ["P1 P1 2 open"]
    assert told(made, vitals("s85 o91 o96")) == ["P2 P1 3 open"]
    assert told(made, vitals("s85 o91 o96 s120")) == ["P2 P1 3 closed"]


def test_it_says_why_and_by_what() -> None:
    (episode,) = episodes(BOTH, vitals("s85 p120"))
    (evidence,) = episode.evidence
    assert str(evidence.reason) == (
        "(pulse) makes this hold: systolic below 90 mmHg and pulse above 110 beats/min"
    )
    assert [f.value for f in evidence.facts] == ["85", "120"]
    assert evidence.basis == (vitals("s85")[0].reading_id,)
    assert reasons(EITHER, vitals("o95 s85")) == [
        "(systolic) makes this hold: systolic below 90 mmHg"
    ]
    assert reasons(ONLY, vitals("s85+p80")) == [
        "(systolic) makes this hold: systolic below 90 mmHg and not pulse above 110 beats/min"
    ]
    assert "nothing known of pulse" in reasons(ONLY_OR_NONE, vitals("s85"))[0]


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ({"all": [LOW]}, "at least 2"),
        ({"component": "pulse", "is": {}}, "at least 1"),
        ({"component": "pulse", "is": {"/min": "> 1", "Hz": "< 1"}}, "point one way"),
        ({"component": "pulse", "is": {"/min": "> 1"}, "margin": {"Hz": 1}}, "units of the bounds"),
        ({"xor": [LOW, FAST]}, "Extra inputs"),
    ],
)
def test_a_rule_that_cannot_be_meant(when: Any, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        rule(when)


def test_a_rule_is_written_as_it_was_read() -> None:
    for made in (BOTH, EITHER, ONLY_OR_NONE):
        assert type(made).model_validate(made.model_dump(mode="json")) == made
        assert type(made).model_validate(made.model_dump()) == made


def test_lint_and_problems() -> None:
    kind = kinds()["composite"]
    assert kind.lint(BOTH) == ()
    assert kind.lint(rule({"component": "mood", "is": {"1": "> 1"}})) == (
        "mood: no device measures 'mood'",
        "one value only: a threshold says the same, with bands",
    )
    (problem,) = kind.problems(BOTH, [observe("systolic", "85", unit="cm[H2O]")])
    assert problem.reason == "no bound for the unit cm[H2O]"


CHART = several(
    {
        "systolic": ["85", "92", "96", "LO"],
        "pulse": ["80", "110", "120", "HI"],
        "spo2": ["91", "92", "96"],
    }
)


@given(chart=CHART, random=st.randoms(use_true_random=False), hour=st.integers(0, 72))
def test_arrival_and_bounds(chart: list[Observation], random: Random, hour: int) -> None:
    for made in (BOTH, EITHER, ONLY, ONLY_OR_NONE):
        check_arrival(made, chart, random)
        check_bounded(made, chart, hour)
