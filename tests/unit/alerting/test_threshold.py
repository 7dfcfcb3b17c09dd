"""Thresholds: bounds, hysteresis, raising and lowering, HI and LO, units."""

from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from alerting.bounds import Bound
from alerting.model import Episode, Severity, State
from alerting.rules.threshold import Threshold, lint, problems
from device_profiles.reading import Validity
from tests.unit.alerting.make import PACK, episodes, observe, series


def told(rule: str, numbers: str, unit: str | None = None) -> list[str]:
    """Say each episode as: severity, peak, readings of evidence, state."""
    found = episodes(PACK[rule], series(rule.split("_")[0], numbers, unit))
    return [f"{e.severity} {e.peak} {len(e.evidence)} {e.state}" for e in found]


# The bands are those of ADA (glucose), NHS (SpO2), NEWS2 (pulse) and AHA (pressure).
@pytest.mark.parametrize(
    ("rule", "unit", "number", "severity"),
    [
        ("glucose_low", "mg/dL", "53", "P1"),
        ("glucose_low", "mg/dL", "54", "P2"),
        ("glucose_low", "mg/dL", "69", "P2"),
        ("glucose_low", "mg/dL", "70", None),
        ("glucose_low", "mmol/L", "2.9", "P1"),
        ("glucose_low", "mmol/L", "3.0", "P2"),
        ("glucose_low", "mmol/L", "3.8", "P2"),
        ("glucose_low", "mmol/L", "3.9", None),
        ("glucose_high", "mg/dL", "250", None),
        ("glucose_high", "mg/dL", "251", "P3"),
        ("glucose_high", "mg/dL", "300", "P3"),
        ("glucose_high", "mg/dL", "301", "P2"),
        ("glucose_high", "mmol/L", "10.0", None),
        ("glucose_high", "mmol/L", "13.9", None),
        ("glucose_high", "mmol/L", "14.0", "P3"),
        ("glucose_high", "mmol/L", "16.7", "P3"),
        ("glucose_high", "mmol/L", "16.8", "P2"),
        ("glucose_high", "mg/dL", "HI", "P1"),
        ("glucose_low", "mg/dL", "LO", "P1"),
        ("glucose_high", "mg/dL", "LO", None),
        ("glucose_low", "mg/dL", "HI", None),
        ("systolic_high", "mm[Hg]", "179", None),
        ("systolic_high", "mm[Hg]", "180", "P2"),
        ("systolic_high", "kPa", "23.9", None),
        ("systolic_high", "kPa", "24.0", "P2"),
        ("systolic_low", "mm[Hg]", "90", None),
        ("systolic_low", "mm[Hg]", "89", "P2"),
        ("diastolic_high", "mm[Hg]", "120", "P2"),
        ("diastolic_low", "mm[Hg]", "60", None),
        ("diastolic_low", "mm[Hg]", "59", "P3"),
        ("spo2_low", "%", "95", None),
        ("spo2_low", "%", "94", "P2"),
        ("spo2_low", "%", "93", "P2"),
        ("spo2_low", "%", "92", "P1"),
        ("pulse_high", "/min", "110", None),
        ("pulse_high", "/min", "111", "P2"),
        ("pulse_high", "/min", "131", "P1"),
        ("pulse_low", "/min", "41", None),
        ("pulse_low", "/min", "40", "P1"),
    ],
)
def test_bands(rule: str, unit: str, number: str, severity: str | None) -> None:
    found = episodes(PACK[rule], [observe(rule.split("_")[0], number, unit=unit)])
    assert [e.severity for e in found] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("rule", "numbers", "expected"),
    [
        # 175 would fire if it were 5 worse, so it neither opens nor clears.
        ("systolic_high", "184 176 175 176", ["P2 P2 1 open"]),
        ("systolic_high", "175 179", []),
        ("systolic_high", "184 174", ["P2 P2 1 open"]),
        ("systolic_high", "184 174 173", ["P2 P2 1 closed"]),
        ("systolic_high", "184 174 176 174", ["P2 P2 1 open"]),
        ("systolic_high", "184 174 176 174 174", ["P2 P2 1 closed"]),
        ("systolic_high", "184 170 171 190", ["P2 P2 1 closed", "P2 P2 1 open"]),
        # Raised at once; lowered by two readings that hold a milder band; never below a held one.
        ("glucose_low", "65 50", ["P1 P1 2 open"]),
        ("glucose_low", "50 65", ["P1 P1 2 open"]),
        ("glucose_low", "50 65 66", ["P2 P1 3 open"]),
        ("glucose_low", "50 63 63", ["P1 P1 3 open"]),
        ("glucose_low", "50 75 76", ["P2 P1 1 open"]),
        ("glucose_low", "50 75 76 81 82", ["P2 P1 1 closed"]),
        ("glucose_low", "65 60 61", ["P2 P2 3 open"]),
        ("spo2_low", "91 95 95", ["P2 P1 1 open"]),
        ("spo2_low", "94 96 96", ["P2 P2 1 closed"]),
        # LO is far below every clear limit, HI beyond every one of the low side.
        ("glucose_low", "LO HI HI", ["P1 P1 1 closed"]),
        ("glucose_high", "HI 320 320", ["P2 P1 3 open"]),
        # A questionable reading opens and raises, but neither lowers nor clears.
        ("systolic_high", "184?", ["P2 P2 1 open"]),
        ("systolic_high", "184 120? 121?", ["P2 P2 1 open"]),
        ("systolic_high", "184 120? 121 122", ["P2 P2 1 closed"]),
        ("glucose_low", "65 50? 90 91", ["P1 P1 2 closed"]),
        ("glucose_low", "50 66? 66?", ["P1 P1 3 open"]),
    ],
)
def test_hysteresis(rule: str, numbers: str, expected: list[str]) -> None:
    assert told(rule, numbers) == expected


@pytest.mark.parametrize("validity", [Validity.CONTROL, Validity.TEST, Validity.INVALID])
def test_what_is_not_the_patient_takes_no_part(validity: Validity) -> None:
    assert not episodes(PACK["glucose_low"], [observe("glucose", "40", validity=validity)])
    good = [
        observe("glucose", "40"),
        observe("glucose", "100", hour=1, validity=validity),
        observe("glucose", "100", hour=2, validity=validity),
    ]
    assert [e.state for e in episodes(PACK["glucose_low"], good)] == [State.OPEN]


def test_two_values_of_one_reading_count_once_and_the_worse_one_counts() -> None:
    both = [observe("spo2", "91", n=1), observe("spo2", "97", n=1)]
    good = [observe("spo2", "97", hour=1, n=2), observe("spo2", "98", hour=1, n=2)]
    (episode,) = episodes(PACK["spo2_low"], [*both, *good])
    assert (episode.severity, len(episode.evidence), episode.state) == ("P1", 1, "open")


def test_an_episode_says_when_and_by_what_it_ended() -> None:
    (episode,) = episodes(PACK["systolic_high"], series("systolic", "184 170 171"))
    last = series("systolic", "184 170 171")[1:]
    assert episode.cleared_by == tuple(last)
    assert episode.closed_at == last[-1].measured_at


def test_late_is_told_at_the_hub_and_p1_has_longer() -> None:
    def late(number: str, hours: float) -> bool:
        one = observe("glucose", number, received_after=timedelta(hours=hours))
        (episode,) = episodes(PACK["glucose_low"], [one])
        return episode.evidence[0].late

    assert [late("65", 24), late("65", 24.1)] == [False, True]
    assert [late("50", 48), late("50", 48.1)] == [False, True]


def test_a_unit_without_a_bound_converts() -> None:
    given = PACK["systolic_high"].model_dump()
    given["bands"] = {"P2": {"mm[Hg]": ">= 180"}}
    given["clear"] = {"margin": {"mm[Hg]": 5}}
    rule = Threshold.model_validate(given)
    (episode,) = episodes(rule, [observe("systolic", "24.0", unit="kPa")])
    assert episode.evidence[0].reason.text() == "is at or above 180 mmHg"
    assert lint(rule) == ("no bound in kPa",)
    assert not problems(rule, [observe("systolic", "24.0", unit="kPa")])


def test_a_unit_that_does_not_convert_is_a_problem_for_the_operator() -> None:
    rule = PACK["systolic_high"]
    assert isinstance(rule, Threshold)
    odd = observe("systolic", "24", unit="cm[H2O]", n=7)
    assert not episodes(rule, [odd])
    (problem,) = problems(rule, [odd])
    assert (problem.reading_id, problem.reason) == (
        odd.reading_id,
        "no bound for the unit cm[H2O]",
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"bands": {"P1": {"mg/dL": "< 54"}, "P2": {"mg/dL": "< 50"}}}, "worse band"),
        ({"bands": {"P1": {"mg/dL": "< 54"}, "P2": {"mmol/L": "< 3.9"}}}, "every band"),
        ({"bands": {"P1": {"mg/dL": "> 54"}}}, "points the other way"),
        ({"bands": {"P1": {"mg/dL": "54"}}}, "a sign and a number"),
        ({"bands": {"P1": {"mg/dL": "< NaN"}}}, "finite"),
        ({"bands": {}}, "at least 1"),
        ({"bands": {"P1": {"mg/dL": "< 54"}}, "clear": {"margin": {"%": 1}}}, "clear.margin"),
        ({"bands": {"P5": {"mg/dL": "< 54"}}}, "P1"),
        ({"colour": "red"}, "Extra inputs"),
        ({"source": ""}, "at least 3"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(change: dict[str, object], reason: str) -> None:
    given = PACK["glucose_low"].model_dump() | {"clear": {"margin": {"mg/dL": 10}}}
    given |= {"bands": {"P1": {"mg/dL": "< 54"}}}
    Threshold.model_validate(given)
    with pytest.raises(ValidationError, match=reason):
        Threshold.model_validate(given | change)


def test_inclusive_bounds_lie_further_in_than_exclusive_ones() -> None:
    at, beyond = Bound(sign="<=", limit=Decimal(54)), Bound(sign="<", limit=Decimal(54))
    assert beyond.contains(at)
    assert not at.contains(beyond)


def test_severities_order_by_urgency() -> None:
    assert Severity.P1.worse_than(Severity.P2)
    assert not Severity.P2.worse_than(Severity.P2)
    assert Severity.P4.worse_than(None)


def test_an_episode_keeps_its_kind_of_rule_when_written_down() -> None:
    (episode,) = episodes(PACK["glucose_low"], [observe("glucose", "50")])
    assert isinstance(episode, Episode)
    assert episode.model_dump(mode="json")["rule"]["bands"]["P1"]["mg/dL"] == "< 54"
