"""Which red flags are asked for: those of what the task is about, for every rule of every pack."""

import pytest

from alerting.measures import MEASURES
from alerting.model import Rule
from alerting.packs.loader import load_packs
from gateway.care import scripts
from gateway.care.about import OTHER, Explanation, about
from gateway.care.dispositions import RedFlag, SymptomCheck
from gateway.care.red_flags import ASKED, asked_for, others

RULES = load_packs()


def subject(rule: Rule) -> str:
    return about(rule.queue, rule.key, rule.direction, {"parameters": rule.model_dump(mode="json")})


def test_low_glucose_is_not_asked_for_back_pain() -> None:
    asked = asked_for(subject(RULES["glucose_low"]))
    assert {RedFlag.CANNOT_BE_WOKEN, RedFlag.CANNOT_SWALLOW, RedFlag.SEIZURE} <= set(asked)
    assert RedFlag.BACK_PAIN not in asked
    assert RedFlag.BACK_PAIN in others(subject(RULES["glucose_low"]))
    assert RedFlag.BACK_PAIN in asked_for(subject(RULES["systolic_high"]))


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.key)
def test_every_rule_has_a_script_and_a_list(rule: Rule) -> None:
    assert scripts.script(subject(rule))
    assert RedFlag.NEEDS_HELP in asked_for(subject(rule))
    if rule.queue == "clinical" and getattr(rule, "component", None) is not None:
        assert subject(rule) in ASKED or subject(rule) == "weight low"


@pytest.mark.parametrize("key", ASKED)
def test_a_list_has_each_flag_once_and_help_at_its_end(key: str) -> None:
    assert key in scripts.SCRIPTS or key == "temperature low"
    assert len(set(ASKED[key])) == len(ASKED[key])
    assert ASKED[key][-1] is RedFlag.NEEDS_HELP
    assert sorted((*ASKED[key], *others(key))) == sorted(RedFlag)


def test_every_flag_is_asked_for_somewhere() -> None:
    assert {flag for asked in ASKED.values() for flag in asked} == set(RedFlag)


def test_what_nothing_is_known_of_has_the_list_of_the_rest() -> None:
    assert about("clinical", None, None, None) == OTHER
    assert asked_for(about("clinical", "pd_news2", "high", None)) == ASKED[OTHER]
    assert about("clinical", "systolic_high", "high", None) == "pressure high"
    assert asked_for("no such thing") == ASKED[OTHER]


def test_too_often_below_range_is_about_low_glucose() -> None:
    assert subject(RULES["dm_glucose_below_range"]) == "glucose low"


OF_MEASURES = {
    "below": "glucose low",
    "lbgi": "glucose low",
    "above": "glucose high",
    "hbgi": "glucose high",
    "gmi": "glucose high",
    "cv": OTHER,
    "in_range": OTHER,
}


@pytest.mark.parametrize("measure", MEASURES)
def test_a_measure_is_about_the_values_that_it_tells_of(measure: str) -> None:
    told = {"parameters": {"component": "glucose", "measure": measure}}
    assert about("clinical", "own", MEASURES[measure].direction, told) == OF_MEASURES[measure]


@pytest.mark.parametrize("explanation", [None, {}, {"parameters": None}])
def test_without_parameters_the_name_of_the_rule_tells(explanation: Explanation) -> None:
    assert about("clinical", "systolic_high", "high", explanation) == "pressure high"


def test_a_check_from_before_the_lists_still_reads() -> None:
    stored = {"answered_by": "patient", "at": "2026-11-01T10:00:00Z", "red_flags": ["back_pain"]}
    check = SymptomCheck.model_validate(stored)
    assert (check.red_flags, check.asked) == ((RedFlag.BACK_PAIN,), ())
