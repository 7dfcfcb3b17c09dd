"""Kill -9 agent, ingest, broker and PostgreSQL, in turn, mid-flight: every reading stored once."""

import os
import random
import subprocess
import time

import pytest

from simulators.programs import script
from tests.fixtures.whole_site import StartSite, WholeSite, cuff, meter, seed, wait_for

VICTIMS = ("agent", "ingest", "broker", "postgres")


def rows(site: WholeSite) -> list[str]:
    return [row["id"] for row in site.gateway.call("readings", "--limit", "10000")]


def run_schedule(whole_site: StartSite, number: int, rounds: int) -> None:
    """Kill in a random order at random moments; the seed is printed and replays the schedule."""
    chance = random.Random(number)  # noqa: S311 - a schedule, not a secret
    print(f"HEARTHLINE_TEST_SEED={number}")
    # A meter keeps its records: after a kill in the middle it is asked for them again. The last
    # measurements make it advertise once more after the last kill.
    site = whole_site([meter(stored=250, live_s=(8, 16, 24)), cuff(6, 3)])
    wait_for(lambda: site.custody()["stored"] > 0, "the first reading is stored")
    for _ in range(rounds):
        for victim in chance.sample(VICTIMS, len(VICTIMS)):
            time.sleep(chance.uniform(0.0, 1.5))  # the schedule itself
            site.kill(victim)
    wait_for(lambda: site.answers(site.settled(259)), "everything taken is stored", seconds=80)
    account = site.custody()
    assert (account["stored"], account["missing"], account["quarantined"]) == (259, [], {})
    assert len(set(rows(site))) == len(rows(site)) == 259


def test_every_reading_is_stored_once_whoever_is_killed(whole_site: StartSite) -> None:
    run_schedule(whole_site, seed(), rounds=1)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1000, 1020))
def test_many_schedules(whole_site: StartSite, number: int) -> None:
    run_schedule(whole_site, number, rounds=3)


def test_a_second_gateway_on_the_same_home_is_refused(whole_site: StartSite) -> None:
    site = whole_site([cuff(1, 1)])
    done = subprocess.run(
        [script("hearthline-gateway"), "all"],
        env={**os.environ, **site.gateway.environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 2
    assert "Another `hearthline-gateway all` runs" in done.stderr
