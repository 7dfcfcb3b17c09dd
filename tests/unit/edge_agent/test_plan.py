"""When to connect, when to try again, and what to ask a device for."""

from datetime import UTC, datetime, timedelta

import pytest

from edge_agent.core.backoff import jittered, wait_s
from edge_agent.core.plan import FULL_PULL, Visits, may_set_clock, pull_from

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


def test_failures_wait_twice_as_long_each_time_and_ten_minutes_at_most() -> None:
    visits, waits = Visits(), []
    for _ in range(12):
        visits = visits.after_failure(100.0)  # the window is over: it never stops advertising
        waits.append(visits.retry_at - 100.0)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]


def test_a_new_advertising_window_is_served_at_once() -> None:
    visits = Visits().seen(0.0).seen(50.0)
    for _ in range(10):
        visits = visits.after_failure(61.0)
    assert visits.seen(109.0).retry_at > 500  # the same window
    assert visits.seen(111.0).retry_at == 111.0
    assert visits.seen(111.0).after_failure(111.0).retry_at == 112.0


def test_waits_do_not_eat_the_window_up() -> None:
    """A device advertises for 60 s; each attempt here fails at once."""
    visits, now, attempts = Visits().seen(1000.0), 1000.0, 0
    while now < 1060.0:
        visits, attempts = visits.after_failure(now), attempts + 1
        now = visits.retry_at
    assert attempts == 10
    assert visits.after_failure(1061.0).retry_at > 1500.0  # it never stops advertising


def test_after_a_restart_of_bluetooth_nothing_old_counts_but_how_it_pairs() -> None:
    visits = Visits().seen(0.0).after_failure(0.0, pairing=True).after_failure(100.0)
    anew = visits.after_restart()
    assert (anew.failures, anew.retry_at, anew.last_seen, anew.pair) == (0, 0.0, None, False)


def test_a_device_is_gone_when_its_window_is_over() -> None:
    assert not Visits().fresh(0.0)
    assert Visits().seen(10.0).fresh(70.0)
    assert not Visits().seen(10.0).fresh(70.1)


def test_an_empty_session_is_not_repeated_at_once() -> None:
    failed = Visits().after_failure(0.0)
    assert failed.after_session(100.0, brought=3).retry_at == 101.0
    assert failed.after_session(100.0, brought=0).retry_at == 120.0
    assert failed.after_session(100.0, brought=0).failures == 0


def test_a_refused_bond_is_tried_the_other_way_and_what_worked_is_kept() -> None:
    visits = Visits()
    assert visits.pair
    visits = visits.after_failure(0.0, pairing=True)
    assert not visits.pair
    assert not visits.after_failure(0.0).pair
    assert not visits.after_session(0.0, brought=1).pair
    assert visits.after_failure(0.0, pairing=True).pair


@pytest.mark.parametrize(
    ("sequence", "age", "first"),
    [
        (41, timedelta(0), 42),
        (41, FULL_PULL - timedelta(seconds=1), 42),
        (41, FULL_PULL, None),  # once a day everything: numbers restart
        (41, -timedelta(seconds=1), None),  # the hub's clock was set back
        (0xFFFF, timedelta(0), None),  # wraps
    ],
)
def test_records_are_asked_for_from_the_last_one_on(
    sequence: int, age: timedelta, first: int | None
) -> None:
    assert pull_from(sequence, NOW - age, NOW) == first


@pytest.mark.parametrize("name", ["BLEsmart_0000011F", "blesmart_x", "BLESMART_"])
def test_omron_clocks_are_left_alone(name: str) -> None:
    assert not may_set_clock(name, clock_trusted=True)


def test_a_clock_is_set_only_by_a_clock_that_is_right() -> None:
    assert may_set_clock("UA-651BLE", clock_trusted=True)
    assert not may_set_clock("UA-651BLE", clock_trusted=False)


def test_waits_are_spread_but_never_longer() -> None:
    assert wait_s(0, 1.0, 60.0) == 0.0
    assert wait_s(10_000, 1.0, 60.0) == 60.0
    assert jittered(10.0, 0.0) == 5.0
    assert 9.9 < jittered(10.0, 0.999) <= 10.0
