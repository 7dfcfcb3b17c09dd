"""Kind `jump`: what is probably somebody else's."""

from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from alerting.rules import kinds
from alerting.rules.jump import Jump, Measured, jumped
from tests.unit.alerting.make import NOON, PACK, observe
from tests.unit.alerting.windowed import make, told

RULE = PACK["weight_jump"]


def after(number: str, days: float, unit: str = "kg", rule: object = RULE) -> str | None:
    assert isinstance(rule, Jump)
    last = Measured(Decimal(80), "kg", NOON)
    now = Measured(Decimal(number), unit, NOON + timedelta(days=days))
    found = jumped(rule, now, last)
    return f"{round(found.by, 1):f} {found.unit}" if found else None


@pytest.mark.parametrize(
    ("number", "days", "expected"),
    [
        ("85", 0.01, None),
        ("85.1", 0.01, "5.1 kg"),
        ("74.9", 0.5, "5.1 kg"),
        ("85.1", 1, "5.1 kg"),
        ("87.5", 1.5, None),
        ("87.6", 1.5, "7.6 kg"),
        ("90", 2, None),
        ("90.1", 2, "10.1 kg"),
        ("90.1", 20, "10.1 kg"),  # never more than `most`
        ("60", 31, "20.0 kg"),
        ("60", 31.1, None),  # too old to be compared with
    ],
)
def test_five_kilograms_a_day(number: str, days: float, expected: str | None) -> None:
    assert after(number, days) == expected


def test_units() -> None:
    assert after("187.3", 0.5, "[lb_av]") is None  # 176.37 lb and 10.93
    assert after("187.5", 0.5, "[lb_av]") == "11.1 [lb_av]"
    assert after("12", 0.5, "[stone_av]") is None


def test_the_first_value_has_nothing_to_jump_from() -> None:
    assert isinstance(RULE, Jump)
    assert jumped(RULE, Measured(Decimal(80), "kg", NOON), None) is None


def test_it_opens_nothing_of_what_is_on_the_chart() -> None:
    chart = [observe("weight", n, hour=h, unit="kg") for h, n in enumerate(("80", "60"))]
    assert told(RULE, chart) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"most": {"[lb_av]": 11}}, "the same units"),
        ({"most": {"kg": 4}}, "less than what one day"),
        ({"per_day": {"kg": 0}}, "greater than 0"),
    ],
)
def test_a_rule_that_cannot_be_meant(change: dict[str, object], reason: str) -> None:
    given = {"component": "weight", "per_day": {"kg": 5}, "most": {"kg": 10}}
    assert kinds()["jump"].lint(make("jump", **given)) == ("no bound in [lb_av]",)
    with pytest.raises(ValidationError, match=reason):
        make("jump", **given | change)
