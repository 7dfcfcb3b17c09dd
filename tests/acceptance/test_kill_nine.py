"""Kill -9 agent, broker (its store wiped), ingest and PostgreSQL: every reading is stored once.

Schedules come one after the other over one running site; each is made of its seed alone. To see
one again:  HEARTHLINE_TEST_SEED=<seed> HEARTHLINE_TEST_SCHEDULES=1 pytest <this file>
"""

import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.kill_nine.schedule import schedule
from tests.acceptance.kill_nine.site import Site
from tests.acceptance.kill_nine.start import start_site
from tests.fixtures.promises import Keep
from tests.fixtures.whole_site import seed

Say = Callable[[str], None]
TOLD_TOGETHER = 20  # of more schedules each is told


@pytest.fixture
def site() -> Iterator[Site]:
    """A folder of its own: pytest's takes the rights away that PostgreSQL needs to come back."""
    folder = Path(tempfile.mkdtemp(prefix="hl-kill-"))
    with ExitStack() as running:
        yield start_site(folder, running)
    shutil.rmtree(folder)


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Say:
    """Seeds are told whatever becomes of them."""

    def tell(text: str) -> None:
        with capfd.disabled():
            print(text, file=sys.stderr, flush=True)

    return tell


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(20, marks=pytest.mark.timeout(600)),
        pytest.param(500, marks=[pytest.mark.slow, pytest.mark.timeout(7200)]),
    ],
)
def test_every_reading_is_stored_once_whoever_is_killed(
    site: Site, promise: Keep, say: Say, count: int
) -> None:
    first, count = seed(), int(os.environ.get("HEARTHLINE_TEST_SCHEDULES", count))
    say(f"\nHEARTHLINE_TEST_SEED={first} HEARTHLINE_TEST_SCHEDULES={count}")
    promise("kill-nine", **live_through(site, first, count, say))


def live_through(site: Site, first: int, count: int, say: Say) -> dict[str, Any]:
    """Live through so many schedules, judge after each, and return what was counted."""
    struck, lasted = Counter[str](), list[float]()
    for number in range(first, first + count):
        began = time.monotonic()
        struck += live_through_one(site, number, say)
        lasted.append(time.monotonic() - began)
        if count > TOLD_TOGETHER:
            say(f"{number} passed in {lasted[-1]:.1f} s")
    kills = {f"kills_of_{part}": times for part, times in sorted(struck.items())}
    figures = {"schedules": count, **kills, "readings": len(site.taken()), "lost": 0, "doubled": 0}
    return figures | {"seed": first, "each_s": round(sum(lasted) / count, 1)}


def live_through_one(site: Site, number: int, say: Say) -> Counter[str]:
    events = schedule(number)
    try:
        struck = site.live_through(events)
        site.wait_until_settled()
        judge(site)
    except AssertionError:
        say(f"\nHEARTHLINE_TEST_SEED={number} HEARTHLINE_TEST_SCHEDULES=1 failed; {site}")
        say("\n".join(map(str, events)))
        raise
    return struck


def judge(site: Site) -> None:
    taken, stored, account = site.taken(), site.stored(), site.account()
    assert taken - stored == Counter(), "lost"
    assert stored - taken == Counter(), "doubled"
    assert account["readings"] == account["identities"] == len(taken)
    assert (account["refused"], account["gaps"], account["epochs"]) == ([], 0, 1)
