"""Limits on three levels: each goes over those before it, none over what is locked."""

from datetime import timedelta
from typing import Any

import pytest

from alerting.errors import OverrideError
from alerting.model import Level, Override, Rule, Severity
from alerting.overrides import effective
from alerting.rules.threshold import Threshold
from tests.unit.alerting.make import NOON, PACK

RULE = PACK["spo2_low"]


def laid(level: Level, limit: str = "<= 90", **more: Any) -> Override:
    given = {
        "level": level,
        "rule_key": RULE.key,
        "changes": {"bands": {"P1": {"%": limit}}},
        "reason": f"for this {level}",
        "author": "Dr Example",
        "valid_from": NOON - timedelta(days=1),
    }
    return Override.model_validate(given | more)


def limit(*overrides: Override, rule: Rule = RULE) -> str:
    found = effective(rule, overrides, NOON)
    assert isinstance(found, Threshold)
    return found.bands[Severity.P1]["%"].written()


def test_the_nearest_level_wins_whatever_the_order() -> None:
    levels = [
        laid(Level.PATIENT, "<= 86"),
        laid(Level.ORGANISATION, "<= 91"),
        laid(Level.PROGRAMME, "<= 88"),
    ]
    assert limit(*levels) == "<= 86"
    assert limit(*reversed(levels)) == "<= 86"
    assert limit(*levels[1:]) == "<= 88"


def test_of_one_level_the_newest_wins() -> None:
    newer = laid(Level.PATIENT, "<= 85", valid_from=NOON - timedelta(hours=1))
    assert limit(newer, laid(Level.PATIENT, "<= 86")) == "<= 85"


def test_outside_its_dates_it_does_not_hold() -> None:
    over = laid(Level.PATIENT, "<= 86", valid_until=NOON)
    later = laid(Level.PATIENT, "<= 86", valid_from=NOON + timedelta(seconds=1))
    assert limit(over, later) == "<= 92"


def test_who_adjusted_it_and_why_is_in_the_rule() -> None:
    found = effective(RULE, [laid(Level.PATIENT), laid(Level.ORGANISATION)], NOON)
    assert found is not None
    said = "for this organisation (Dr Example); for this patient (Dr Example)"
    assert found.adjusted == said


def test_a_rule_may_be_taken_away_and_given_back_by_a_nearer_level() -> None:
    away = laid(Level.PROGRAMME, off=True)
    assert effective(RULE, [away], NOON) is None
    assert limit(away, laid(Level.PATIENT, "<= 87")) == "<= 87"


def test_what_is_final_stays() -> None:
    final = laid(Level.ORGANISATION, "<= 91", final=True)
    assert limit(final, laid(Level.PATIENT, "<= 80")) == "<= 91"


@pytest.mark.parametrize(
    ("rule", "changes", "said"),
    [
        (RULE.model_copy(update={"locked": True}), {}, "locked"),
        (RULE, {"direction": "high"}, "direction cannot be changed"),
        (RULE, {"bands": {"P1": {"%": "> 90"}}}, "points the other way"),
        (RULE, {"colour": "red"}, "colour"),
    ],
)
def test_what_does_not_fit_is_refused(rule: Rule, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(OverrideError, match=said):
        effective(rule, [laid(Level.PATIENT, changes=changes)], NOON)
