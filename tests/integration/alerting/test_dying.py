"""Dying between any two of store, evaluate, open and notify loses nothing and doubles nothing.

Each schedule is made of its seed alone: what arrives when and how often, and at which six of the
steps that are reached the program dies. What there is in the end must be what a life without
deaths and without doubles leaves. To see one again:
HEARTHLINE_TEST_SEED=<seed> HEARTHLINE_TEST_SCHEDULES=1 pytest <this file>
"""

import os
from collections import Counter

import pytest

from gateway.storage.database import Database
from tests.fixtures.promises import Keep
from tests.integration.alerting.dying import POINTS, TOLD, Fate, calm, live_on, schedule

FIRST = 20261122
NOTHING = {"alerts": 0, "tasks": 0, "duties": 0}


@pytest.mark.parametrize(
    "count", [2, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(7200)])]
)
def test_who_dies_at_any_step_leaves_what_an_undisturbed_life_leaves(
    embedded_database: Database, promise: Keep, count: int
) -> None:
    first = int(os.environ.get("HEARTHLINE_TEST_SEED", FIRST))
    count = int(os.environ.get("HEARTHLINE_TEST_SCHEDULES", count))
    counted = Counter[str]()
    for seed in range(first, first + count):
        counted += one_schedule(embedded_database, seed)
    if count >= len(POINTS) * 2:
        assert {point for point in POINTS if not counted[f"deaths_{point}"]} == set()
    promise("alerts-once", schedules=count, first_seed=first, **counted, lost=0, doubled=0)


def one_schedule(database: Database, seed: int) -> Counter[str]:
    came, deaths = schedule(seed)
    expected = live_on(database, calm(came), Fate())
    life = live_on(database, came, Fate(deaths(expected.fate.step)))
    assert life.left == expected.left, f"HEARTHLINE_TEST_SEED={seed}"
    assert life.doubled == NOTHING, f"HEARTHLINE_TEST_SEED={seed}"
    assert life.told == expected.told, f"HEARTHLINE_TEST_SEED={seed}"
    # Only who dies between the sending and the commit tells twice, by the same key.
    assert life.told_again == sum(life.fate.deaths[point] for point in TOLD)
    died = {f"deaths_{point}": times for point, times in life.fate.deaths.items()}
    sizes = {name: len(life.left[name]) for name in ("alerts", "tasks", "messages")}
    return Counter({"deaths": sum(died.values()), **died, **sizes})
