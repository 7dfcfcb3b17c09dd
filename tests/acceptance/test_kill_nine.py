"""Kill -9 agent, broker (its store wiped), ingest and PostgreSQL: every reading is stored once.

Schedules come one after the other over one running site; each is made of its seed alone. To see
one again:  HEARTHLINE_TEST_SEED=<seed> HEARTHLINE_TEST_SCHEDULES=1 pytest <this file>
"""

import os
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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
Start = Callable[[], Site]


@pytest.fixture
def start(request: pytest.FixtureRequest) -> Iterator[Start]:
    """Start sites, in folders of their own: in pytest's, another run of it takes PostgreSQL's
    right to come back away. They stay where the test fails.
    """
    folders, failed = list[Path](), request.session.testsfailed
    with ExitStack() as running:

        def begin() -> Site:
            folders.append(Path(tempfile.mkdtemp(prefix="hl-kill-")))
            return start_site(folders[-1], running)

        yield begin
    if request.session.testsfailed == failed:
        for folder in folders:
            shutil.rmtree(folder)


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Say:
    """Seeds are told whatever becomes of them."""
    lock = threading.Lock()

    def tell(text: str) -> None:
        with lock, capfd.disabled():
            print(text, file=sys.stderr, flush=True)

    return tell


@pytest.mark.timeout(600)
def test_every_reading_is_stored_once_whoever_is_killed(
    start: Start, promise: Keep, say: Say
) -> None:
    promise("kill-nine", **run(start, say, schedules=20, sites=2))


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_many_schedules(start: Start, promise: Keep, say: Say) -> None:
    promise("kill-nine", **run(start, say, schedules=500, sites=4))


def run(start: Start, say: Say, schedules: int, sites: int) -> dict[str, Any]:
    """Share the schedules out, one site beside the other; return what was counted."""
    first, began = seed(), time.monotonic()
    schedules = int(os.environ.get("HEARTHLINE_TEST_SCHEDULES", schedules))
    say(f"\nHEARTHLINE_TEST_SEED={first} HEARTHLINE_TEST_SCHEDULES={schedules}")
    seeds = range(first, first + schedules)
    used = [start() for _ in range(min(sites, schedules))]
    with ThreadPoolExecutor(len(used)) as pool:
        parts = [seeds[at :: len(used)] for at in range(len(used))]
        counted = list(pool.map(lambda site, part: live_through(site, part, say), used, parts))
    kills = sum(counted, Counter[str]())
    return {
        "schedules": schedules,
        **{f"kills_of_{part}": times for part, times in sorted(kills.items())},
        "readings": sum(len(site.taken()) for site in used),
        "lost": 0,
        "doubled": 0,
        "seed": first,
        "minutes": round((time.monotonic() - began) / 60, 1),
    }


def live_through(site: Site, seeds: Sequence[int], say: Say) -> Counter[str]:
    """Live through these schedules, and judge after each."""
    kills = Counter[str]()
    for done, number in enumerate(seeds, 1):
        kills += live_through_one(site, number, say)
        if done % 10 == 0:
            say(f"{done} schedules passed, the last was {number}")
    return kills


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
