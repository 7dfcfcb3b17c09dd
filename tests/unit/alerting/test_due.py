"""Deadlines: minutes for P1 and P2, working days where the patient lives for P3."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerting.model import Severity
from gateway.care.due import Due, due, sooner

VIENNA = ZoneInfo("Europe/Vienna")
AUCKLAND = ZoneInfo("Pacific/Auckland")


def local(text: str, zone: ZoneInfo = VIENNA) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("priority", "ack", "act"),
    [
        (Severity.P1, timedelta(minutes=15), timedelta(minutes=30)),
        (Severity.P2, timedelta(hours=1), timedelta(hours=4)),
    ],
)
def test_urgent_work_knows_no_week_end(priority: Severity, ack: timedelta, act: timedelta) -> None:
    for since in (local("2026-11-21T23:50"), local("2026-10-25T01:45"), local("2026-03-29T01:45")):
        assert due(priority, since, VIENNA) == Due(ack_at=since + ack, act_at=since + act)


@pytest.mark.parametrize(
    ("since", "ack", "act"),
    [
        # Tuesday morning: by Wednesday 17:00, and not before.
        ("2026-11-17T10:00", "2026-11-18T17:00", "2026-11-18T17:00"),
        # Tuesday night: a whole day to act.
        ("2026-11-17T20:00", "2026-11-18T17:00", "2026-11-18T20:00"),
        # Friday, Saturday and Sunday: Monday.
        ("2026-11-20T09:00", "2026-11-23T17:00", "2026-11-23T17:00"),
        ("2026-11-21T09:00", "2026-11-23T17:00", "2026-11-23T17:00"),
        ("2026-11-22T23:30", "2026-11-23T17:00", "2026-11-23T23:30"),
        # Monday just after midnight is Monday: Tuesday.
        ("2026-11-23T00:30", "2026-11-24T17:00", "2026-11-24T17:00"),
        # The clocks go back on Sunday 25 October, forward on Sunday 29 March.
        ("2026-10-23T12:00", "2026-10-26T17:00", "2026-10-26T17:00"),
        ("2026-03-27T12:00", "2026-03-30T17:00", "2026-03-30T17:00"),
    ],
)
def test_p3_waits_for_a_working_day(since: str, ack: str, act: str) -> None:
    found = due(Severity.P3, local(since), VIENNA)
    assert found == Due(ack_at=local(ack), act_at=local(act))


def test_24_hours_are_hours_when_the_clocks_change() -> None:
    # Sunday 22:00, after a day of 25 hours: 24 hours later is Monday 22:00.
    since = local("2026-10-25T22:00")
    assert due(Severity.P3, since, VIENNA).act_at == since + timedelta(hours=24)
    assert due(Severity.P3, since, VIENNA).ack_at == local("2026-10-26T17:00")


def test_the_working_day_is_the_patients() -> None:
    # Friday 13:00 in Vienna is Saturday 01:00 in Auckland; there Monday ends twelve hours earlier.
    since = local("2026-11-20T13:00")
    assert due(Severity.P3, since, VIENNA).ack_at == local("2026-11-23T17:00")
    assert due(Severity.P3, since, AUCKLAND).ack_at == local("2026-11-23T17:00", AUCKLAND)


def test_p4_has_three_days_and_nobody_acknowledges() -> None:
    since = local("2026-11-20T13:00")
    assert due(Severity.P4, since, VIENNA) == Due(ack_at=None, act_at=since + timedelta(hours=72))


def test_a_raised_task_never_gets_more_time() -> None:
    friday = local("2026-11-20T13:00")
    p3 = due(Severity.P3, friday, VIENNA)
    later = due(Severity.P2, friday + timedelta(hours=1), VIENNA)
    assert sooner(p3, later) == later
    nearly = due(Severity.P2, p3.act_at - timedelta(minutes=5), VIENNA)
    assert sooner(p3, nearly) == p3
    assert sooner(due(Severity.P4, friday, VIENNA), later) == later
