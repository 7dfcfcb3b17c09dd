"""What holds a task back, and what comes through: inhibit and snooze."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from pydantic import ValidationError

from alerting.errors import OverrideError
from alerting.model import LONGEST_REST, Direction, Level, Override, Rule, Severity
from alerting.overrides import laid_over
from alerting.pipeline.inhibit import Asked, Held, Live, What
from alerting.pipeline.snooze import Snoozed, longest, rest
from alerting.pipeline.suppress import Tasks, suppress
from tests.unit.alerting.make import NOON, PACK

A, B, C = (UUID(int=n) for n in (1, 2, 3))
SYSTOLIC, DIASTOLIC = PACK["systolic_low"], PACK["diastolic_low"]
LOW, HIGH = PACK["glucose_low"], PACK["glucose_high"]


def given(rule: Rule, priority: str = "P1") -> dict[tuple[str | None, str | None], Severity]:
    """Say that the rule has an open task."""
    return {(rule.key, str(rule.direction)): Severity(priority)}


def live(alert: UUID, rule: Rule, severity: str) -> Live:
    return Live(alert, rule, Severity(severity))


def asks(alert: UUID, rule: Rule, severity: str) -> Asked:
    return Asked(alert, rule, Severity(severity))


def verdict(said: Asked | Held) -> str:
    return str(said.what) if isinstance(said, Held) else "goes on"


def test_a_milder_alert_of_the_same_vital_waits_while_a_worse_one_has_its_task() -> None:
    worse, milder = live(A, SYSTOLIC, "P2"), asks(B, DIASTOLIC, "P3")
    (held,) = suppress([milder], [worse], given(SYSTOLIC), (), NOON)
    assert isinstance(held, Held)
    assert (held.what, held.by, held.until) == (What.INHIBITED, A, None)
    assert held.reason == "Systolic pressure low (P2) is open and has its task"
    assert held.look_again > NOON


@pytest.mark.parametrize(
    ("other", "severity", "tasks"),
    [
        (SYSTOLIC, "P3", given(SYSTOLIC)),  # as bad
        (SYSTOLIC, "P1", given(SYSTOLIC, "P3")),  # it was worse; who has its task now knows of P3
        (PACK["systolic_high"], "P1", given(PACK["systolic_high"])),  # the other direction
        (LOW, "P1", given(LOW)),  # another vital
        (SYSTOLIC, "P2", {}),  # nobody was given it
    ],
)
def test_else_it_does_not_wait(other: Rule, severity: str, tasks: Tasks) -> None:
    (said,) = suppress([asks(B, DIASTOLIC, "P3")], [live(A, other, severity)], tasks, (), NOON)
    assert verdict(said) == "goes on"


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_that_ask_at_once_the_worse_goes_on_whatever_the_order(turned: bool) -> None:
    asked = [asks(A, SYSTOLIC, "P2"), asks(B, DIASTOLIC, "P3")]
    going_on = [live(A, SYSTOLIC, "P2"), live(B, DIASTOLIC, "P3")]
    said = suppress(asked[::-1] if turned else asked, going_on, {}, (), NOON)
    assert {each.asked.alert for each in said if isinstance(each, Held)} == {B}


def test_more_evidence_for_a_task_that_is_there_goes_on() -> None:
    tasks = given(SYSTOLIC) | given(DIASTOLIC)
    (said,) = suppress([asks(B, DIASTOLIC, "P3")], [live(A, SYSTOLIC, "P2")], tasks, (), NOON)
    assert verdict(said) == "goes on"


SNOOZE = Snoozed(
    id=C,
    rule_key=None,
    component="glucose",
    direction=Direction.HIGH,
    up_to=Severity.P3,
    owner="N. Night",
    reason="steroids since Monday",
    since=NOON,
    until=NOON + timedelta(hours=8),
)


def test_a_snooze_says_whose_it_is_and_until_when() -> None:
    (held,) = suppress([asks(A, HIGH, "P3")], (), {}, (SNOOZE,), NOON)
    assert isinstance(held, Held)
    assert (held.what, held.by) == (What.SNOOZED, C)
    assert held.until == held.look_again == SNOOZE.until
    assert held.reason == "snoozed by N. Night: steroids since Monday"


@pytest.mark.parametrize(
    ("rule", "severity", "hours", "said"),
    [
        (HIGH, "P3", 7.99, "snoozed"),
        (HIGH, "P3", 8, "goes on"),  # it ends, at its end
        (HIGH, "P3", -0.01, "goes on"),
        (HIGH, "P4", 1, "snoozed"),  # milder
        (HIGH, "P2", 1, "goes on"),  # a worse band comes through
        (HIGH, "P1", 1, "goes on"),
        (LOW, "P3", 1, "goes on"),  # a high snooze never hides a low
        (PACK["systolic_high"], "P3", 1, "goes on"),
    ],
)
def test_what_a_snooze_hides(rule: Rule, severity: str, hours: float, said: str) -> None:
    now = NOON + timedelta(hours=hours)
    assert verdict(suppress([asks(A, rule, severity)], (), {}, (SNOOZE,), now)[0]) == said


def test_what_is_snoozed_inhibits_nobody() -> None:
    mine = replace(
        SNOOZE, component=None, rule_key=SYSTOLIC.key, direction=Direction.LOW, up_to=Severity.P2
    )
    asked = [asks(A, SYSTOLIC, "P2"), asks(B, DIASTOLIC, "P3")]
    going_on = [live(A, SYSTOLIC, "P2"), live(B, DIASTOLIC, "P3")]
    said = suppress(asked, going_on, {}, (mine,), NOON)
    assert {each.asked.alert for each in said if isinstance(each, Held)} == {A}


def test_a_task_that_is_snoozed_inhibits_nobody() -> None:
    mine = replace(
        SNOOZE, component=None, rule_key=SYSTOLIC.key, direction=Direction.LOW, up_to=Severity.P2
    )
    tasks = given(SYSTOLIC, "P2")
    (said,) = suppress([asks(B, DIASTOLIC, "P3")], [live(A, SYSTOLIC, "P2")], tasks, (mine,), NOON)
    assert verdict(said) == "goes on"


def test_one_that_was_worse_and_asks_for_little_now_inhibits_nothing_worse_than_that() -> None:
    asked = [asks(A, SYSTOLIC, "P3"), asks(B, DIASTOLIC, "P2")]
    going_on = [live(A, SYSTOLIC, "P1"), live(B, DIASTOLIC, "P2")]
    said = suppress(asked, going_on, {}, (), NOON)
    assert {each.asked.alert for each in said if isinstance(each, Held)} == {A}


def test_one_that_may_get_no_task_inhibits_nobody() -> None:
    asked = [replace(asks(A, SYSTOLIC, "P1"), sure=False), asks(B, DIASTOLIC, "P2")]
    going_on = [live(A, SYSTOLIC, "P1"), live(B, DIASTOLIC, "P2")]
    assert not [e for e in suppress(asked, going_on, {}, (), NOON) if isinstance(e, Held)]


def test_how_long_a_snooze_may_be() -> None:
    hours = [longest(Severity(each)).total_seconds() / 3600 for each in ("P1", "P2", "P3", "P4")]
    assert hours == [4, 4, 24, 24]


ANSWER = Snoozed(
    id=C,
    rule_key=HIGH.key,
    component=None,
    direction=Direction.HIGH,
    up_to=Severity.P3,
    owner="N. Night",
    reason="answered, no_action",
    since=NOON,
    until=NOON + LONGEST_REST,
    answers=A,
)
SLOW = HIGH.model_copy(update={"ask_again": timedelta(days=7)})


@pytest.mark.parametrize(
    ("rule", "priority", "severity", "hours", "said"),
    [
        (HIGH, "P3", "P3", 23, "answered"),
        (HIGH, "P3", "P3", 24, "goes on"),
        (SLOW, "P3", "P3", 7 * 24 - 1, "answered"),
        (SLOW, "P3", "P4", 7 * 24 - 1, "answered"),  # it got better
        (SLOW, "P3", "P3", 7 * 24, "goes on"),
        (SLOW, "P3", "P2", 1, "goes on"),  # it got worse
        (SLOW, "P2", "P2", 7 * 24 - 1, "answered"),
        (SLOW, "P1", "P1", 0, "goes on"),
        (SLOW, "P1", "P3", 0, "goes on"),  # what was P1 is never left alone
    ],
)
def test_an_answer_holds_as_long_as_the_rule_rests(
    rule: Rule, priority: str, severity: str, hours: int, said: str
) -> None:
    answer = replace(ANSWER, up_to=Severity(priority))
    now = NOON + timedelta(hours=hours)
    (found,) = suppress([asks(A, rule, severity)], (), {}, (answer,), now)
    assert verdict(found) == said
    if isinstance(found, Held):
        assert found.until == found.look_again == NOON + rest(rule.ask_again, Severity(priority))
    (other,) = suppress([asks(B, rule, severity)], (), {}, (answer,), now)
    assert verdict(other) == "goes on"  # another episode


def test_no_rest_is_shorter_than_without_the_parameter() -> None:
    hour = timedelta(hours=1)
    assert rest(hour, Severity.P2) == rest(None, Severity.P2) == longest(Severity.P2)
    assert rest(5 * hour, Severity.P2) == 5 * hour
    assert rest(5 * hour, Severity.P3) == longest(Severity.P3)


@pytest.mark.parametrize("text", ["P15D", "PT0S", "-P1D", "soon"])
def test_a_rest_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        type(HIGH).model_validate(HIGH.model_dump() | {"ask_again": text})
    limit = Override(
        level=Level.PATIENT,
        rule_key=HIGH.key,
        changes={"ask_again": text},
        reason="too many calls",
        author="Dr Example",
        valid_from=NOON,
    )
    with pytest.raises(OverrideError, match="ask_again"):
        laid_over(HIGH, limit)
