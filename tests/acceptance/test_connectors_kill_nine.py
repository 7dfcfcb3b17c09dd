"""Kill -9 the worker while it tells far sides: one task there for an alert here, at every one.

The moments are made of a seed, which is printed; HEARTHLINE_TEST_SEED says another one.
"""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
import tomli_w

from gateway.care.hands import move_task
from gateway.care.moves import Status
from gateway.care.tasks import accept_task
from gateway.storage.database import Database
from simulators.far_sides import FarSide, far_sides
from simulators.programs import Program
from tests.fixtures.site import Site, make_site
from tests.fixtures.whole_site import seed
from tests.integration.alerting.homes import rows, take_glucoses, take_pressures, until

WAITING = """
SELECT (SELECT count(*) FROM outbox WHERE state = 'waiting')
    + (SELECT count(*) FROM duty) + (SELECT count(*) FROM inbox WHERE state = 'waiting') AS n"""
SECONDS = 120


@pytest.fixture
def sides() -> Iterator[dict[str, FarSide]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(kind()) for name, kind in far_sides().items()}


@pytest.fixture
def worker(
    embedded_database: Database, sides: dict[str, FarSide], tmp_path: Path
) -> Iterator[tuple[Program, Site]]:
    site = make_site(embedded_database)
    common = {
        "organisation": str(site.organisation),
        "rate_per_minute": 6000,
        "poll_every_s": 1,
    }
    tables = {name: {"kind": name, **common, **side.table()} for name, side in sides.items()}
    (tmp_path / "connectors.toml").write_text(tomli_w.dumps(tables))
    program = Program(
        "hearthline-gateway",
        ["worker"],
        tmp_path / "worker.log",
        {
            "HEARTHLINE_HOME": str(tmp_path),
            "HEARTHLINE_DATABASE_URL": embedded_database.url,
            "HEARTHLINE_BROKER_MANAGED": "false",
        },
    )
    yield program, site
    program.stop()


def run(
    database: Database, worker: Program, site: Site, sides: dict[str, FarSide], kills: int
) -> None:
    first = seed()
    print(f"HEARTHLINE_TEST_SEED={first}")
    chance = random.Random(first)  # noqa: S311
    for n, side in enumerate(sides.values()):
        side.faults.seeded(first + n, share=0.2, most=kills)
    take_pressures(site, database, (184, 112, 3), (186, 114, 2))
    for n in range(kills):
        worker.start()
        told = _calls(sides)
        if n == kills // 2:
            take_glucoses(site, database, ("52", 1))
        # Some moment after it has begun to speak with far sides.
        until(partial(_more, sides, told), SECONDS)
        threading.Event().wait(chance.random() * 0.5)
        worker.kill()
        _somebody_works(database, chance)
    for side in sides.values():
        side.faults.clear()
    worker.start()
    until(lambda: rows(database, WAITING)[0]["n"] == 0, SECONDS)


def _calls(sides: dict[str, FarSide]) -> int:
    return sum(len(side.requests) for side in sides.values())


def _more(sides: dict[str, FarSide], than: int) -> bool:
    return _calls(sides) > than


def _somebody_works(database: Database, chance: random.Random) -> None:
    """Let somebody go on with a task, so that there is something to tell after every death."""
    tasks = rows(database, "SELECT id, status FROM task ORDER BY id")
    if not tasks:
        return
    task = chance.choice(tasks)
    with database.transaction() as connection:
        id_: UUID = task["id"]
        now = datetime.now(UTC)
        if task["status"] == "requested":
            accept_task(connection, id_, "Ann", now)
        else:
            waits = task["status"] == Status.IN_PROGRESS
            move_task(connection, id_, Status.ON_HOLD if waits else Status.IN_PROGRESS, "Ann", now)


def check(database: Database, sides: dict[str, FarSide]) -> None:
    ours = Counter(row["id"] for row in rows(database, "SELECT id FROM task"))
    assert len(ours) == 2
    for name, side in sides.items():
        assert Counter(task.key for task in side.tasks()) == ours, name
    doubled = "SELECT count(*) AS n FROM outbox WHERE state = 'dead'"
    assert rows(database, doubled)[0]["n"] == 0


def test_two_deaths(
    embedded_database: Database, worker: tuple[Program, Site], sides: dict[str, FarSide]
) -> None:
    run(embedded_database, *worker, sides, kills=2)
    check(embedded_database, sides)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_fifty_deaths(
    embedded_database: Database, worker: tuple[Program, Site], sides: dict[str, FarSide]
) -> None:
    began = datetime.now(UTC)
    run(embedded_database, *worker, sides, kills=50)
    check(embedded_database, sides)
    assert datetime.now(UTC) - began < timedelta(minutes=30)
