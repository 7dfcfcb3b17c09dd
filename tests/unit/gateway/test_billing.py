"""US billing codes: which hold when, and what a month comes to."""

from datetime import date, timedelta

import pytest

from gateway.care.billing import Month, Period, Standing, codes, periods, standings

NOVEMBER = date(2026, 11, 1)


def month(minutes: int, live: int = 1, since: date = NOVEMBER) -> Month:
    until = (since + timedelta(days=32)).replace(day=1)
    return Month(since=since, until=until, minutes=minutes, live_contacts=live)


def units(found: tuple[Standing, ...]) -> dict[str, int]:
    return {each.code: each.units for each in found if each.units}


@pytest.mark.parametrize(
    ("minutes", "earned"),
    [
        (9, {}),
        (10, {"99470": 1}),
        (19, {"99470": 1}),
        (20, {"99457": 1}),
        (39, {"99457": 1}),
        (40, {"99457": 1, "99458": 1}),
        (60, {"99457": 1, "99458": 2}),
        (200, {"99457": 1, "99458": 2}),
    ],
)
def test_minutes_of_a_month(minutes: int, earned: dict[str, int]) -> None:
    assert units(standings(month(minutes), ())) == earned


def test_without_a_live_contact_minutes_earn_nothing() -> None:
    found = standings(month(60, live=0), ())
    assert units(found) == {}
    assert all(each.live_contact_missing for each in found)


@pytest.mark.parametrize(
    ("days", "earned"),
    [(1, {}), (2, {"99445": 1}), (15, {"99445": 1}), (16, {"99454": 1}), (30, {"99454": 1})],
)
def test_days_of_a_period(days: int, earned: dict[str, int]) -> None:
    until = NOVEMBER + timedelta(days=30)
    later = Period(since=NOVEMBER, until=until, days=days, first=False)
    assert units(standings(month(0), (later,))) == earned


def test_set_up_is_of_the_first_period_only() -> None:
    until = NOVEMBER + timedelta(days=30)
    first = Period(since=NOVEMBER, until=until, days=2, first=True)
    assert units(standings(month(0), (first,))) == {"99453": 1, "99445": 1}


def test_a_code_is_chosen_by_the_date_of_service() -> None:
    before = date(2025, 11, 1)
    first = Period(since=before, until=before + timedelta(days=30), days=15, first=True)
    found = standings(month(15, since=before), (first,))
    assert units(found) == {}
    missing = {each.code: (each.missing_days, each.missing_minutes) for each in found}
    assert missing == {"99453": (1, 0), "99454": (1, 0), "99457": (0, 5), "99458": (0, 25)}


def test_periods_follow_one_another_from_the_first_day_on() -> None:
    begun = date(2026, 9, 20)
    days = [begun + timedelta(days=n) for n in range(0, 60, 2)]
    found = periods(days, NOVEMBER, date(2026, 12, 1))
    assert [(each.since, each.days, each.first) for each in found] == [
        (date(2026, 10, 20), 15, False),
        (date(2026, 11, 19), 0, False),
    ]
    assert periods([], NOVEMBER, date(2026, 12, 1)) == ()
    assert periods([date(2026, 12, 5)], NOVEMBER, date(2026, 12, 1)) == ()


def test_no_day_has_two_rows_of_one_code() -> None:
    for one in codes():
        for other in codes():
            if one is not other and one.code == other.code:
                assert not other.in_force(one.since)
        assert one.until is None or one.until > one.since
