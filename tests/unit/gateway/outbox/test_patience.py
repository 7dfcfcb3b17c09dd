"""How long a far side is left alone, and when one task is given up."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from gateway.outbox.patience import ATTEMPTS, GIVEN_UP, LONGEST_WAIT, is_hopeless, pause
from gateway.storage.outbox import Waiting

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 5), (2, 10), (3, 20), (6, 160), (7, 300), (5000, 300)]
)
def test_it_is_left_alone_twice_as_long_each_time(failures: int, seconds: int) -> None:
    assert pause(failures, timedelta(0)) == timedelta(seconds=seconds)


def test_it_is_left_alone_as_long_as_it_asks_but_never_shorter() -> None:
    assert pause(1, HOUR) == HOUR
    assert pause(9, timedelta(seconds=1)) == LONGEST_WAIT


@pytest.mark.parametrize(
    ("attempts", "failed_ago", "took_ago", "hopeless"),
    [
        (ATTEMPTS - 1, HOUR, HOUR / 2, True),
        (ATTEMPTS - 2, HOUR, HOUR / 2, False),
        (ATTEMPTS - 1, HOUR, 2 * HOUR, False),
        (ATTEMPTS - 1, HOUR, None, False),
        (500, timedelta(days=1), None, False),
        (500, GIVEN_UP, None, True),
        (500, GIVEN_UP - HOUR, GIVEN_UP, False),
    ],
)
def test_one_task_is_given_up_where_others_go_or_after_a_week(
    attempts: int, failed_ago: timedelta, took_ago: timedelta | None, hopeless: bool
) -> None:
    waiting = Waiting(uuid4(), [1], attempts, NOW - failed_ago)
    took_at = NOW - took_ago if took_ago else None
    assert is_hopeless(waiting, took_at, NOW) is hopeless
