"""A year of renewals: the CA away for two days, a crash at each step, and nobody is locked out."""

import random
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.core.renewal import due_at
from gateway.identity.own import OwnAuthority
from tests.fixtures.promises import Keep
from tests.fixtures.whole_site import seed
from tests.integration.enrolment.parts import START, Office
from tests.integration.enrolment.year import Life, SometimesAway, begin, live

EVERY = timedelta(hours=3)
AWAY = timedelta(hours=48)
# All that a renewal does on the hub, and the two places between hub and gateway.
STEPS = {
    *("before keep request.pem", "written request.pem", "after keep request.pem"),
    *("before the gateway", "reply lost"),
    *("before keep hub.next.pem", "written hub.next.pem", "after keep hub.next.pem"),
    *("before drop request.pem", "after drop request.pem"),
    *("before move hub.next.pem", "after move hub.next.pem"),
}


def away_from(life: Life, office: Office) -> None:
    """Let the CA go away in the very moment in which the hub wants its first renewal."""
    newest = life.certificate(life.folder.path / "hub.pem")
    due = due_at(newest.not_valid_before_utc, newest.not_valid_after_utc, newest.serial_number)
    office.authority = SometimesAway(OwnAuthority(office.ca), due, due + AWAY)


@pytest.mark.slow
def test_a_year_with_a_crash_at_each_step_locks_nobody_out(
    office: Office, tmp_path: Path, promise: Keep
) -> None:
    number = seed()
    print(f"HEARTHLINE_TEST_SEED={number}")
    life = begin(office, tmp_path, START)
    away_from(life, office)
    year = live(life, 365, EVERY, random.Random(number))  # noqa: S311 - replayed by its seed
    assert year.longest_without == timedelta(0)
    assert year.recovered == 0  # it never came to that
    assert year.renewals >= 365 / 7
    assert life.fate.crashed_at >= STEPS
    promise(
        "renewal-year",
        days=365,
        renewals=year.renewals,
        crashes=year.crashes,
        steps=len(life.fate.crashed_at),
        ca_away_h=48,
        locked_out=0,
        seed=number,
    )


def test_a_hub_that_was_unplugged_comes_back_once(office: Office, tmp_path: Path) -> None:
    life = begin(office, tmp_path, START)
    chance = random.Random(1)  # noqa: S311
    year = live(life, 40, EVERY, chance, off_at=12)
    assert year.longest_without == timedelta(0)
    assert year.recovered == 1
