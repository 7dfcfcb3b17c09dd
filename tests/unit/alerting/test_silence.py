"""Why nothing comes: days of the patient's own calendar, excused by what is not the patient's."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerting.silence import SETTLES, Cause, Schedule, Silence, Step, Trouble, judge, told

VIENNA = ZoneInfo("Europe/Vienna")
GRACE = timedelta(hours=6)


def at(text: str) -> datetime:
    """Return a moment of Vienna's wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=VIENNA).astimezone(UTC)


SINCE = at("2026-11-01T12:00")
DAILY = Schedule(since=SINCE)
LAST = at("2026-11-09T08:00")


def look(now: str, *troubles: Trouble, schedule: Schedule = DAILY) -> Silence:
    return judge(schedule, [LAST], troubles, at(now), VIENNA)


@pytest.mark.parametrize(
    ("now", "missed", "step"),
    [
        ("2026-11-10T23:59", 0, Step.NOTHING),
        ("2026-11-11T05:59", 0, Step.NOTHING),
        ("2026-11-11T06:00", 1, Step.REMIND),
        ("2026-11-12T06:00", 2, Step.REMIND),
        ("2026-11-13T06:00", 3, Step.TASK),
        ("2026-11-30T06:00", 20, Step.TASK),
        ("2026-12-01T06:00", 21, Step.REVIEW),
    ],
)
def test_reminder_task_and_review(now: str, missed: int, step: Step) -> None:
    silence = look(now)
    assert (silence.missed, silence.step, silence.held_by) == (missed, step, None)


def test_the_next_look_is_when_the_next_day_is_over() -> None:
    assert look("2026-11-10T12:00").next_look == at("2026-11-11T06:00")
    assert look("2026-11-11T05:59").next_look == at("2026-11-11T06:00")
    assert look("2026-11-11T06:00").next_look == at("2026-11-12T06:00")


def test_only_scheduled_days_are_missed_and_all_days_are_silent() -> None:
    # 2026-11-09 is a Monday.
    weekly = Schedule(since=SINCE, days=frozenset({1}))
    assert look("2026-11-16T23:00", schedule=weekly).missed == 0
    silence = look("2026-11-17T06:00", schedule=weekly)
    assert (silence.missed, silence.silent, silence.since) == (1, 7, date(2026, 11, 16))
    assert look("2026-12-01T06:00", schedule=weekly).step is Step.REVIEW


def test_nobody_is_asked_for_days_before_the_schedule() -> None:
    silence = judge(DAILY, [], (), at("2026-11-02T23:00"), VIENNA)
    assert silence.missed == 0
    assert judge(DAILY, [], (), at("2026-11-03T06:00"), VIENNA).missed == 1


def test_while_a_cause_holds_what_would_be_asked_is_suppressed_and_told() -> None:
    offline = Trouble(Cause.HUB, at("2026-11-11T10:00"))
    silence = look("2026-11-14T09:00", offline)
    assert (silence.step, silence.held, silence.held_by) == (Step.NOTHING, Step.TASK, Cause.HUB)
    assert (silence.missed, silence.excused) == (1, 3)


def test_days_of_a_cause_that_is_over_stay_excused() -> None:
    over = Trouble(Cause.DEVICE, at("2026-11-11T10:00"), at("2026-11-12T10:00"))
    silence = look("2026-11-14T09:00", over)
    assert (silence.missed, silence.excused, silence.step) == (2, 2, Step.REMIND)
    assert (silence.held, silence.held_by) == (Step.TASK, Cause.DEVICE)
    assert look("2026-11-15T06:00", over).step is Step.TASK


def test_what_was_held_up_has_an_hour_to_arrive() -> None:
    back = Trouble(Cause.OURS, at("2026-11-10T10:00"), at("2026-11-13T09:00"))
    silence = look("2026-11-13T09:30", back)
    assert silence.held_by is Cause.OURS
    assert silence.next_look == at("2026-11-13T09:00") + SETTLES


def test_the_cause_nearest_to_us_is_named() -> None:
    since = at("2026-11-10T10:00")
    causes = [Trouble(cause, since) for cause in (Cause.DEVICE, Cause.HUB, Cause.OURS)]
    assert look("2026-11-14T09:00", *causes).held_by is Cause.OURS
    assert look("2026-11-14T09:00", *causes[:2]).held_by is Cause.HUB


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_a_night_of_a_change_of_the_clocks_is_one_night(day: str) -> None:
    """The day of 23 or 25 hours ends at its midnight, and the grace lasts six hours of time."""
    before = date.fromisoformat(day) - timedelta(days=1)
    last = at(f"{before}T08:00")
    schedule = Schedule(since=last, grace=GRACE)
    end = at(f"{date.fromisoformat(day) + timedelta(days=1)}T00:00") + GRACE
    early = judge(schedule, [last], (), end - timedelta(seconds=1), VIENNA)
    assert (early.missed, early.next_look) == (0, end)
    assert judge(schedule, [last], (), end, VIENNA).missed == 1


def test_the_grace_of_the_day_before_runs_through_the_change() -> None:
    """Saturday is over on Sunday: 6 hours after midnight it is 07:00 in spring, 05:00 in autumn."""
    for saturday, wall in (("2026-03-28", "07:00"), ("2026-10-24", "05:00")):
        last = at(f"{date.fromisoformat(saturday) - timedelta(days=1)}T08:00")
        sunday = date.fromisoformat(saturday) + timedelta(days=1)
        silence = judge(Schedule(since=last), [last], (), last, VIENNA)
        assert silence.missed == 0
        assert judge(Schedule(since=last), [last], (), at(f"{sunday}T{wall}"), VIENNA).missed == 1


def test_the_day_is_the_patients() -> None:
    """The same moments: one day is over in Auckland and not in Los Angeles."""
    last, now = datetime(2026, 11, 9, 8, tzinfo=UTC), datetime(2026, 11, 10, 18, tzinfo=UTC)
    schedule = Schedule(since=last)
    assert judge(schedule, [last], (), now, ZoneInfo("Pacific/Auckland")).missed == 1
    assert judge(schedule, [last], (), now, ZoneInfo("America/Los_Angeles")).missed == 0


def test_it_is_told_in_words() -> None:
    assert str(told("weight", look("2026-11-13T06:00"))).startswith(
        "No valid weight reading on 3 scheduled days, since 2026-11-10."
    )
    assert "for 21 days" in str(told("weight", look("2026-12-01T06:00")))
