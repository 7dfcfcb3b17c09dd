"""The schema of packs is that of today's kinds; what stands in for a rule is checked."""

import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import jsonschema
import pytest
import yaml

from alerting.bands import Banded
from alerting.errors import OverrideError, PackError
from alerting.limits import changes
from alerting.model import Direction, Level, Override, Rule, Severity
from alerting.overrides import laid_over
from alerting.packs.loader import FOLDER, load_packs, read_packs
from alerting.packs.replacing import without_replaced
from alerting.packs.schema import FILE, schema_text
from alerting.pipeline.inhibit import Asked, Live, inhibits
from alerting.pipeline.snooze import Snooze, Snoozed
from alerting.rules.sustained import Sustained
from gateway.storage.rules import Scope
from tests.unit.alerting.make import NOON, PACK

SCHEMA = jsonschema.Draft202012Validator(json.loads(FILE.read_text("utf-8")))
SHIPPED = sorted(FOLDER.glob("*.yaml"))
PROGRAMMES = {"copd", "diabetes", "heart_failure", "hypertension", "post_discharge"}
OURS = """\
pack: ours
programme: true
rules:
  - key: ours
    version: 1
    kind: threshold
    replaces: spo2_low
    title: Ours
    label: SpO2
    component: spo2
    direction: low
    bands: {P1: {"%": "<= 85"}}
    clear: {margin: {"%": 1}}
    source: made up for this test
"""


def test_the_schema_is_the_one_of_today() -> None:
    assert FILE.read_text("utf-8") == schema_text(), (
        "rules schema > alerting/packs/pack.schema.json"
    )


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_packs_that_ship_fit_the_schema(path: Path) -> None:
    assert [error.message for error in SCHEMA.iter_errors(yaml.safe_load(path.read_text()))] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kind: threshold", "kind: tarot"),
        ("    kind: threshold\n", ""),
        ('"<= 85"', '"85"'),
        ("version: 1", "version: 1\n    adjusted: by me"),
        ("version: 1", "version: 1\n    colour: red"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(old: str, new: str) -> None:
    SCHEMA.validate(yaml.safe_load(OURS))
    assert old in OURS
    assert not SCHEMA.is_valid(yaml.safe_load(OURS.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("programme: true\n", "", "only a rule of a programme"),
        ("replaces: spo2_low", "replaces: spo2", "no such rule for everybody"),
        ("replaces: spo2_low", "replaces: glucose_low", "that rule is locked"),
        ("replaces: spo2_low", "replaces: pulse_low", "about something else"),
    ],
)
def test_what_may_not_be_replaced(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in OURS
    (tmp_path / "ours.yaml").write_text(OURS.replace(old, new, 1), "utf-8")
    with pytest.raises(PackError, match=reason):
        read_packs(FOLDER, tmp_path)


def test_a_programme_has_its_rule_in_the_stead_of_everybody_s() -> None:
    rules = load_packs().values()
    mine = Scope(frozenset({"copd"})).rules(rules)
    keys = {rule.key for rule in without_replaced(mine)}
    assert "copd_spo2_low" in keys
    assert "spo2_low" not in keys
    without = [rule for rule in mine if rule.key != "copd_spo2_low"]  # as where it is taken away
    assert "spo2_low" in {rule.key for rule in without_replaced(without)}
    assert set(PACK) == {rule.key for rule in Scope().rules(rules)}


def test_every_programme_has_its_pack() -> None:
    assert {pack.pack for pack in read_packs().values() if pack.programme} == PROGRAMMES


@pytest.mark.parametrize("pack", sorted(PROGRAMMES))
def test_no_two_thresholds_of_a_person_ask_for_the_same(pack: str) -> None:
    """One reading never opens two tasks of one vital and side, of which neither holds one back."""
    rules = without_replaced(Scope(frozenset({pack})).rules(load_packs().values()))
    sides: dict[tuple[object, ...], str] = {}
    for rule in rules:
        if rule.kind == "threshold" or (rule.kind == "sustained" and getattr(rule, "alone", None)):
            place = (rule.components, rule.direction)
            assert place not in sides, (rule.key, sides[place])
            sides[place] = rule.key


def banded(rule: Rule) -> Banded:
    assert isinstance(rule, Banded)
    return rule


def test_a_worse_gain_of_weight_holds_the_milder_back() -> None:
    rules = load_packs()
    gains = [banded(rules[f"hf_weight_{name}"]) for name in ("gain_day", "gain_week", "rising")]
    for worse, milder in pairwise(gains):
        mildest = [max(rule.bands) for rule in (worse, milder)]
        live = Live(alert=UUID(int=1), rule=worse, severity=mildest[0])
        assert inhibits(live, Asked(alert=UUID(int=2), rule=milder, severity=mildest[1]))


def test_high_glucose_never_holds_back_that_it_is_often_low() -> None:
    rules = load_packs()
    often_low = Asked(alert=UUID(int=2), rule=rules["dm_glucose_below_range"], severity=Severity.P3)
    high, low = (
        Live(alert=UUID(int=1), rule=rules[key], severity=Severity.P2)
        for key in ("dm_glucose_high", "glucose_low")
    )
    assert inhibits(low, often_low)
    assert not inhibits(high, often_low)
    asleep = Snoozed(
        id=UUID(int=3),
        rule_key=None,
        component="glucose",
        direction=Direction.HIGH,
        up_to=Severity.P1,
        owner="nurse",
        reason="known",
        since=NOON,
        until=NOON + timedelta(hours=1),
    )
    assert Snooze([asleep]).covering(often_low, NOON) is None


def test_a_limit_for_a_band_of_single_readings_is_typed_as_any_other() -> None:
    rule = banded(load_packs()["dm_glucose_high"])
    given = Override(
        level=Level.PATIENT,
        rule_key=rule.key,
        changes=changes(rule, ["P3 > 15.0 mmol/L"]),
        reason="agreed",
        author="Dr Example",
        valid_from=NOON,
    )
    found = laid_over(rule, given)
    assert isinstance(found, Sustained)
    assert found.bands == rule.bands
    assert found.single is not None
    assert found.single.bands[Severity.P3]["mg/dL"].written() == "> 270"
    assert found.single.with_symptoms is not None


def test_nobody_changes_what_is_locked() -> None:
    locked = [rule for rule in load_packs().values() if rule.locked]
    assert [rule.key for rule in locked] == ["glucose_low"]
    override = Override(
        level=Level.PATIENT,
        rule_key="glucose_low",
        off=True,
        reason="too many calls",
        author="Dr Example",
        valid_from=NOON,
    )
    with pytest.raises(OverrideError, match="locked"):
        laid_over(locked[0], override)


def test_what_is_about_days_rests_for_a_week_and_no_other() -> None:
    """Nobody is asked daily of a week's mean; weight in heart failure is acted on daily."""
    resting = {rule.key: rule.ask_again for rule in load_packs().values() if rule.ask_again}
    assert resting == dict.fromkeys(
        [
            "copd_spo2_falling",
            "dm_glucose_below_range",
            "dm_glucose_rising",
            "dm_glucose_unsteady",
            "htn_diastolic_home_mean",
            "htn_systolic_home_mean",
        ],
        timedelta(days=7),
    )
    rules = load_packs()
    assert all(Severity.P1 not in banded(rules[key]).bands for key in resting)
