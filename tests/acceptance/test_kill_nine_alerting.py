"""Kill -9 worker, ingest and PostgreSQL while readings break rules: no alert is lost or doubled.

Each schedule is made of its seed alone. To see one again:
HEARTHLINE_TEST_SEED=<seed> HEARTHLINE_TEST_SCHEDULES=1 pytest -m slow <this file>
"""

import os
import shutil
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.acceptance.kill_nine.alerting import (
    Post,
    end_shift,
    judge_alerts,
    nothing_left,
    schedule,
    telling,
)
from tests.acceptance.kill_nine.site import Site
from tests.acceptance.kill_nine.start import start_site
from tests.acceptance.test_kill_nine import judge
from tests.fixtures.promises import Keep
from tests.fixtures.whole_site import seed, wait_for

TOLD_WITHIN_S = 90.0


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_no_alert_is_lost_or_doubled_whoever_is_killed(promise: Keep) -> None:
    first, count = seed(), int(os.environ.get("HEARTHLINE_TEST_SCHEDULES", "10"))
    folder = Path(tempfile.mkdtemp(prefix="hl-kill-"))
    struck, counted = Counter[str](), Counter[str]()
    with ExitStack() as running:
        site = start_site(folder, running)
        post = running.enter_context(telling(site, folder))
        for number in range(first, first + count):
            struck += site.live_through(schedule(number))
            counted = settled(site, post, number)
            print(f"{number} passed: {dict(struck)} {dict(counted)}", flush=True)
            end_shift(site)
    shutil.rmtree(folder)
    kills = {f"kills_of_{part}": times for part, times in sorted(struck.items())}
    promise("alerts-once", schedules=count, seed=first, **kills, **counted, lost=0, doubled=0)


def settled(site: Site, post: Post, number: int) -> Counter[str]:
    """Wait until nothing is under way, and judge."""
    try:
        site.wait_until_settled()
        wait_for(lambda: nothing_left(site), "all is evaluated and told", TOLD_WITHIN_S)
        judge(site)
        return judge_alerts(site, post)
    except AssertionError:
        print(f"\nHEARTHLINE_TEST_SEED={number} HEARTHLINE_TEST_SCHEDULES=1 failed; {site}")
        raise
