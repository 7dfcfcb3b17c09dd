"""Who is on call: hand-overs by the local clock, both nights on which it is set, stand-ins."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.on_call import Schedule, StandIn, on_call, shifts

VIENNA = ZoneInfo("Europe/Vienna")
WEEKS = Schedule(persons=("Ada", "Ben", "Cy"), starts=date(2026, 3, 23))  # a Monday, at 08:00
NIGHT = WEEKS.model_copy(update={"handover": time(2, 30)})


def at(text: str, zone: ZoneInfo = VIENNA) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def has(schedule: Schedule, moment: datetime, *stand_ins: StandIn) -> str | None:
    shift = on_call(schedule, stand_ins, moment, VIENNA)
    return shift.person if shift else None


def test_a_week_is_handed_over_at_the_hour_and_not_before() -> None:
    assert has(WEEKS, at("2026-03-23T07:59")) is None
    assert has(WEEKS, at("2026-03-23T08:00")) == "Ada"
    # The clock was set on Sunday, 29 March: the hand-over is at 08:00 of the new time.
    assert has(WEEKS, at("2026-03-30T07:59")) == "Ada"
    assert has(WEEKS, at("2026-03-30T08:00")) == "Ben"
    assert has(WEEKS, at("2026-04-13T08:00")) == "Ada"


def test_a_shift_is_an_hour_shorter_or_longer_where_the_clock_is_set() -> None:
    spring = on_call(WEEKS, (), at("2026-03-25T12:00"), VIENNA)
    autumn = on_call(WEEKS, (), at("2026-10-22T12:00"), VIENNA)
    assert spring
    assert autumn
    assert spring.until - spring.since == timedelta(days=7, hours=-1)
    assert autumn.until - autumn.since == timedelta(days=7, hours=1)


def test_a_hand_over_in_the_hour_that_the_clock_skips() -> None:
    """Daily, at 02:30: on 29 March there is no such time, and it is 03:30 of the new one."""
    daily = NIGHT.model_copy(update={"days": 1})
    assert has(daily, datetime(2026, 3, 29, 1, 29, tzinfo=UTC)) == "Cy"
    assert has(daily, datetime(2026, 3, 29, 1, 30, tzinfo=UTC)) == "Ada"


def test_a_hand_over_in_the_hour_that_comes_twice_is_at_its_first() -> None:
    daily = NIGHT.model_copy(update={"days": 1, "starts": date(2026, 10, 24)})
    first, second = (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    )
    assert has(daily, first - timedelta(seconds=1)) == "Ada"
    assert (
        has(daily, first)
        == has(daily, second)
        == has(daily, second - timedelta(hours=0.5))
        == "Ben"
    )


def test_a_stand_in_has_a_day_from_its_hand_over_to_the_next() -> None:
    day = StandIn("nights", date(2026, 4, 1), "Dee", "Ada's leave")
    assert has(WEEKS, at("2026-04-01T07:59"), day) == "Ben"
    assert has(WEEKS, at("2026-04-01T08:00"), day) == "Dee"
    assert has(WEEKS, at("2026-04-02T03:00"), day) == "Dee"
    assert has(WEEKS, at("2026-04-02T08:00"), day) == "Ben"
    newer = StandIn("nights", date(2026, 4, 1), "Eve")
    assert has(WEEKS, at("2026-04-01T12:00"), day, newer) == "Eve"


def test_the_dry_run_shows_the_day_that_is_changed() -> None:
    day = StandIn("nights", date(2026, 4, 1), "Dee")
    told = shifts(WEEKS, (day,), at("2026-03-30T08:00"), at("2026-04-13T08:00"), VIENNA)
    assert [(s.person, s.stand_in) for s in told] == [
        ("Ben", None),
        ("Dee", "stand-in"),
        ("Ben", None),
        ("Cy", None),
    ]


SECONDS = st.integers(0, 650 * 86_400)


@pytest.mark.parametrize("zone", ["Europe/Vienna", "Australia/Lord_Howe", "America/New_York"])
@given(
    seconds=SECONDS, handover=st.times(), days=st.integers(1, 10), others=st.sets(st.integers(0, 9))
)
def test_somebody_has_every_moment_and_shifts_follow_without_a_gap(
    zone: str, seconds: int, handover: time, days: int, others: set[int]
) -> None:
    moment = datetime(2026, 3, 25, tzinfo=UTC) + timedelta(seconds=seconds)
    schedule = WEEKS.model_copy(update={"handover": handover, "days": days})
    instead = [StandIn("s", moment.date() + timedelta(days=n - 5), "Dee") for n in others]
    shift = on_call(schedule, instead, moment, ZoneInfo(zone))
    assert shift is not None
    assert shift.since <= moment < shift.until
    after = on_call(schedule, instead, shift.until, ZoneInfo(zone))
    assert after is not None
    assert after.since == shift.until
