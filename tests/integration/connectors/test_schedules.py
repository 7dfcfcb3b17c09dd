"""Whatever goes wrong on the way, whenever the courier is killed: one task there for an alert here.

A schedule is made of its seed alone; the seed is printed. `make test-long` runs 200 of each kind.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest

from gateway.care.hands import assign_task
from gateway.care.moves import CLOSED, Status
from gateway.care.tasks import accept_task
from gateway.storage.database import Database
from simulators.far_sides import FarSide, far_sides
from tests.fixtures.database import copied
from tests.integration.connectors.mortal import POINTS, MortalWard
from tests.integration.connectors.ward import somebody_here, somebody_there

STEPS = 14
SEED = int(os.environ.get("HEARTHLINE_TEST_SEED", "0"))


@pytest.fixture(scope="module")
def shared(embedded_url: str, template: str) -> Iterator[Database]:
    with copied(embedded_url, template) as database:
        yield database


@pytest.fixture(scope="module", params=sorted(far_sides()))
def side(request: pytest.FixtureRequest) -> Iterator[FarSide]:
    with far_sides()[request.param]() as side:
        yield side


def run(ward: MortalWard, seed: int) -> None:
    """Let alerts come, people work here and there, requests fail and couriers die."""
    chance = random.Random(seed)  # noqa: S311
    ward.deaths = lambda _: chance.random() < 0.08
    ward.side.faults.seeded(seed)
    ward.skew = ward.side.faults.skew
    ward.alerts(chance.randint(1, 3))
    for _ in range(STEPS):
        if chance.random() < 0.4:
            somebody_here(ward, chance)
        if chance.random() < 0.3 and ward.side.two_way:
            somebody_there(ward, chance)
        ward.look(chance.randint(0, 3))
        ward.now += timedelta(seconds=chance.choice((0, 1, 10, 60)))
    ward.deaths = lambda _: False
    ward.side.faults.clear()  # but its clock stays as it is
    ward.settle()


def check(ward: MortalWard) -> None:
    """One there for one here, in the same state; nothing waits, nothing is dead."""
    ours, theirs = ward.tasks(), ward.side.tasks()
    assert ours, "the readings opened no task"
    assert Counter(task.key for task in theirs) == Counter(task["id"] for task in ours)
    dead = ward._one(
        "SELECT count(*) AS n FROM outbox WHERE connector_id = %(c)s AND state = 'dead'"
    )
    assert dead["n"] == 0
    if not ward.side.two_way:
        said = {task.key: task.status for task in theirs}
        assert said == {task["id"]: task["status"] for task in ours}
        return
    reads_as, remote = ward.entry.connector.reads_as, ward.remote()
    for task in ours:
        assert remote[task["id"]].status == reads_as(Status(task["status"])), task["status"]
        assert (task["disposition"] is not None) == (Status(task["status"]) is Status.COMPLETED)
        assert Status(task["status"]) not in CLOSED - {Status.COMPLETED, Status.CANCELLED}


def schedule(database: Database, side: FarSide, seed: int) -> None:
    print(f"seed {seed}")
    side.reset()
    ward = MortalWard.open(database, side, f"{side.kind}-{seed}")
    try:
        run(ward, seed)
        check(ward)
    finally:
        ward.leave()


@pytest.mark.parametrize("number", range(2))
def test_one_task_there_for_one_here(shared: Database, side: FarSide, number: int) -> None:
    schedule(shared, side, SEED + number)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(2, 200))
def test_one_task_there_for_one_here_200_times(
    shared: Database, side: FarSide, number: int
) -> None:
    schedule(shared, side, SEED + number)


def test_every_point_of_death_is_met(shared: Database, side: FarSide) -> None:
    """A schedule in which nobody dies proves nothing."""
    side.reset()
    ward = MortalWard.open(shared, side, f"{side.kind}-points")
    ward.alerts()
    (task,) = ward.tasks()
    for number, point in enumerate(POINTS):
        if point == "applied" and not side.two_way:
            continue
        ward.died.clear()
        ward.deaths = lambda at, wanted=point: at == wanted and not ward.died  # type: ignore[misc]
        if point == "applied":
            ward.there(task["id"], status="in-progress", owner="Cleo There")
        elif number == 0:
            assert ward.here(accept_task, task["id"], "Ann")
        else:
            assert ward.here(assign_task, task["id"], uuid4(), f"Nurse {number}", "Ann")
        ward.now += timedelta(minutes=1)
        ward.settle()
        assert ward.died == [point]
        check(ward)
    ward.leave()
