"""The ladder by a simulated clock: who is told when, and that it never ends in silence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from alerting.model import Severity
from alerting.pipeline.escalate import (
    Climb,
    Condition,
    Facts,
    Ladder,
    Over,
    Ring,
    Step,
    To,
    Wait,
    escalate,
)
from alerting.roster import default_roster
from gateway.care.due import due

GIVEN = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
VIENNA = ZoneInfo("Europe/Vienna")
NURSE, LEAD = To(kind="on_call", name="nights"), To(kind="person", name="Lead")
Told = list[tuple[float, str, str]]


def facts(priority: str, since: datetime = GIVEN) -> Facts:
    by = due(Severity(priority), since, VIENNA)
    return Facts(False, False, by.ack_at, by.act_at)


def play(
    ladder: Ladder,
    task: Facts,
    hours: float,
    *,
    acknowledged_after: float | None = None,
    closed_after: float | None = None,
) -> Told:
    """Let the clock run; return minutes, purpose and whom."""
    climb, now, told = Climb(0, 0, 0, GIVEN), GIVEN, []
    changes = [after for after in (acknowledged_after, closed_after) if after is not None]
    while now <= GIVEN + timedelta(hours=hours):
        passed = (now - GIVEN).total_seconds() / 60
        seen = replace(
            task,
            acknowledged=acknowledged_after is not None and passed >= acknowledged_after,
            closed=closed_after is not None and passed >= closed_after,
        )
        move = escalate(ladder, climb, seen, now)
        if isinstance(move, Over):
            break
        climb = move.climb
        if isinstance(move, Ring):
            told.append(
                (passed, str(move.purpose), "+".join(to.name or to.kind for to in move.tell))
            )
            continue
        assert move.until > now
        later = [GIVEN + timedelta(minutes=each) for each in changes]
        now = min([move.until, *(each for each in later if each > now)])
    return told


def default(priority: str) -> Ladder:
    return default_roster().ladders[Severity(priority)]


def test_p1_is_told_thrice_before_its_deadline_and_then_without_end() -> None:
    told = play(default("P1"), facts("P1"), 1)
    assert told[:4] == [
        (0, "new", "routed"),
        (5, "reminder", "routed"),
        (10, "reminder", "routed+default"),
        (15, "overdue", "default"),
    ]
    assert [minutes for minutes, *_ in told[3:]] == list(range(15, 61, 5))


def test_p2_reaches_the_default_within_its_hour() -> None:
    told = play(default("P2"), facts("P2"), 2)
    assert [minutes for minutes, *_ in told] == [0, 20, 40, 60, 80, 100, 120]
    assert told[3][1:] == ("overdue", "default")


def test_p3_waits_for_the_end_of_the_next_working_day() -> None:
    friday = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    task = facts("P3", friday)
    climb = Climb(1, 0, 1, friday)
    wait = escalate(default("P3"), climb, task, friday)
    assert isinstance(wait, Wait)
    assert wait.until == datetime(2026, 11, 23, 16, 0, tzinfo=UTC)  # Monday, 17:00 in Vienna


@pytest.mark.parametrize("priority", ["P1", "P2", "P3", "P4"])
def test_no_ladder_ends(priority: str) -> None:
    told = play(default(priority), facts(priority), 24 * 30)
    assert told[-1][1] == "overdue"
    assert told[-1][0] > 60 * 24 * 28


def test_who_takes_it_is_left_in_peace_until_it_must_be_done() -> None:
    told = play(default("P1"), facts("P1"), 1, acknowledged_after=7)
    assert [minutes for minutes, *_ in told] == [0, 5, *range(30, 61, 5)]
    assert told[2][1:] == ("overdue", "default")


def test_closing_ends_it() -> None:
    told = play(default("P1"), facts("P1"), 5, acknowledged_after=3, closed_after=20)
    assert [minutes for minutes, *_ in told] == [0]


def test_two_conditions_deadlines_and_loops() -> None:
    ladder = Ladder(
        steps=(
            Step(tell=(NURSE,)),
            Step(tell=(NURSE, LEAD), wait=timedelta(minutes=10)),
            Step(tell=(LEAD,), at="act_due", when=Condition.NOT_CLOSED),
        ),
        repeat=timedelta(hours=1),
    )
    quick = ladder.model_copy(update={"steps": ladder.steps[:2], "loops": 1})
    told = play(quick, facts("P2"), 1.5)
    assert [(m, p) for m, p, _ in told] == [
        (0, "new"),
        (10, "reminder"),
        (10, "reminder"),
        (20, "reminder"),
        (80, "overdue"),
    ]
    taken = play(ladder, facts("P2"), 4, acknowledged_after=1)
    assert taken == [(0, "new", "nights"), (240, "reminder", "Lead")]
    assert play(ladder, facts("P2"), 5, acknowledged_after=1)[2:] == [(300, "overdue", "default")]


def test_a_step_that_reached_nobody_is_not_waited_for() -> None:
    climb = Climb(1, 0, 1, GIVEN)
    assert isinstance(escalate(default("P1"), climb, facts("P1"), GIVEN), Wait)
    hurried = escalate(default("P1"), climb, facts("P1"), GIVEN, hurry=True)
    assert isinstance(hurried, Ring)
    assert hurried.climb.step == 2
    # Behind the last step there is no hurry: the banner is up, and repeats have their time.
    end = escalate(default("P1"), Climb(3, 0, 3, GIVEN), facts("P1"), GIVEN, hurry=True)
    assert isinstance(end, Wait)


def test_after_an_outage_steps_are_not_all_told_at_once() -> None:
    late = GIVEN + timedelta(hours=2)
    first = escalate(default("P1"), Climb(1, 0, 1, GIVEN), facts("P1"), late)
    assert isinstance(first, Ring)
    then = escalate(default("P1"), first.climb, facts("P1"), late)
    assert isinstance(then, Wait)
    assert then.until == late + timedelta(minutes=5)


def test_the_banner_goes_down_when_somebody_takes_it() -> None:
    up = Climb(3, 0, 4, GIVEN + timedelta(minutes=15), banner=True)
    taken = replace(facts("P1"), acknowledged=True)
    wait = escalate(default("P1"), up, taken, GIVEN + timedelta(minutes=16))
    assert isinstance(wait, Wait)
    assert (wait.climb.banner, wait.until) == (False, GIVEN + timedelta(minutes=30))


def test_a_ladder_is_checked() -> None:
    with pytest.raises(ValidationError):
        To(kind="person")
    with pytest.raises(ValidationError):
        Ladder(steps=(), repeat=timedelta(minutes=5))
