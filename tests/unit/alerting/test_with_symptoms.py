"""Symptoms bring limits nearer: only near a reading, never further, and the sentence says so."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from alerting.findings import explain
from alerting.model import Observation, Severity
from alerting.pipeline.evaluate import Evaluate
from alerting.rules.rapid_change import RapidChange
from alerting.rules.sustained import Sustained
from alerting.rules.threshold import Threshold
from tests.unit.alerting.make import NOON, episodes, observe, series

GIVEN = {
    "key": "pressure",
    "version": 1,
    "title": "Pressure",
    "label": "Systolic",
    "component": "systolic",
    "direction": "high",
    "bands": {"P2": {"mm[Hg]": "> 170"}},
    "with_symptoms": {"bands": {"P1": {"mm[Hg]": "> 180"}, "P2": {"mm[Hg]": "> 160"}}},
    "clear": {"margin": {"mm[Hg]": 5}, "readings": 2},
    "source": "a test",
}
RULE = Threshold.model_validate(GIVEN)


def told(hour: float, how_many: str = "2") -> Observation:
    return observe("symptoms", how_many, hour=hour, unit="1")


def found(*seen: Observation) -> list[tuple[int, str]]:
    return [
        (int((e.opened_by.observation.measured_at - NOON) / timedelta(hours=1)), str(e.peak))
        for e in episodes(RULE, seen)
    ]


def test_without_an_answer_the_usual_limit_holds() -> None:
    assert found(*series("systolic", "165 170")) == []
    assert found(*series("systolic", "165 171")) == [(1, "P2")]


@pytest.mark.parametrize(
    ("answer", "opens"),
    [(told(-24), True), (told(-24.1), False), (told(1), True), (told(1.1), False)],
    ids=["a day before", "longer ago", "an hour after", "later"],
)
def test_an_answer_counts_near_a_reading(answer: Observation, opens: bool) -> None:
    assert bool(found(observe("systolic", "165"), answer)) is opens


def test_no_symptoms_is_an_answer_that_moves_nothing() -> None:
    assert found(told(-1, "0"), observe("systolic", "165")) == []


def test_symptoms_make_worse_and_never_better() -> None:
    assert found(told(-1), observe("systolic", "181")) == [(0, "P1")]
    assert RULE.moved.bands[Severity.P2]["mm[Hg]"].written() == "> 160"
    further = Threshold.model_validate(
        GIVEN | {"with_symptoms": {"bands": {"P2": {"mm[Hg]": "> 190"}}}}
    )
    assert further.moved.bands == RULE.bands


def test_what_is_held_is_held_by_the_limit_with_symptoms() -> None:
    (episode,) = episodes(RULE, [told(-1), *series("systolic", "165 157 156 155 154")])
    assert [each.number for each in episode.cleared_by] == [155, 154]


def test_the_sentence_tells_of_the_answer() -> None:
    (episode,) = episodes(RULE, [told(-0.5), observe("systolic", "165")])
    (evidence,) = episode.evidence
    assert "is above 160, a limit for days with symptoms, told at 11:30" in str(evidence.reason)
    assert [fact.name for fact in evidence.facts] == ["symptoms told"]


def test_several_readings_with_symptoms() -> None:
    rule = Sustained.model_validate(GIVEN | {"times": 2, "of": 2, "within": "P1D"})
    assert episodes(rule, series("systolic", "165 166")) == ()
    (episode,) = episodes(rule, [told(-1), *series("systolic", "165 166")])
    assert "as 2 of the last 2" in str(episode.opened_by.reason)
    (worse,) = episodes(rule, [told(-1), *series("systolic", "181 182")])
    assert worse.peak is Severity.P1


def test_a_change_with_symptoms() -> None:
    given = {key: GIVEN[key] for key in GIVEN if key not in ("bands", "with_symptoms")}
    rule = RapidChange.model_validate(
        given
        | {
            "against": "lowest",
            "within": "P1D",
            "bands": {"P3": {"mm[Hg]": ">= 20"}},
            "with_symptoms": {"bands": {"P2": {"mm[Hg]": ">= 20"}}},
        }
    )
    (usual,) = episodes(rule, series("systolic", "120 140"))
    (moved,) = episodes(rule, [told(-1), *series("systolic", "120 140")])
    assert (usual.peak, moved.peak) == (Severity.P3, Severity.P2)


def test_the_evaluator_gives_answers_to_rules_that_read_them() -> None:
    seen = [told(-1), observe("systolic", "165")]
    (episode,) = Evaluate([RULE])(seen, NOON)
    assert "symptoms" in explain([episode], ZoneInfo("UTC")).sentence
    assert RULE.reads == ("systolic", "symptoms")
    assert RULE.components == ("systolic",)


@pytest.mark.parametrize(
    ("bands", "reason"),
    [
        ({"P2": {"kPa": "> 21.3"}}, "in each of the rule's units"),
        ({"P2": {"mm[Hg]": "< 160"}}, "points the other way"),
        ({"P1": {"mm[Hg]": "> 150"}, "P2": {"mm[Hg]": "> 160"}}, "further out"),
    ],
)
def test_limits_with_symptoms_fit_the_rule(bands: object, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Threshold.model_validate(GIVEN | {"with_symptoms": {"bands": bands}})
