"""Dying between any two of store, evaluate, open and notify loses nothing and doubles nothing.

A schedule is a seed: what arrives when, and at which of the points that are reached the program
dies. Afterwards all runs to its end, and what there is must be what a run without a death leaves.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from gateway.fail_points import Died, watching
from gateway.storage.database import Database
from tests.fixtures.site import make_site
from tests.integration.alerting.homes import rows, take_glucoses, take_pressures
from tests.integration.alerting.life import Clinic

POINTS = ("opened", "carried_out", "evaluated", "rung", "climbed", "sent", "settled", "released")
ALERTS = """SELECT rule_key || ' ' || severity || ' ' || state || ' ' || readings AS t
    FROM alert ORDER BY 1"""
TASKS = "SELECT rule_key || ' ' || priority || ' ' || status || ' ' || readings AS t FROM task"
MESSAGES = """SELECT n.address || ' ' || n.state || ' ' || n.purpose || ' ' || t.rule_key AS t
    FROM notification n JOIN task t ON t.id = n.tasks[1]"""
SUPPRESSED = (
    "SELECT rule_key || ' ' || what || ' ' || coalesce(end_reason, '-') AS t FROM suppression"
)

EMPTY = """
ALTER TABLE alert_event DISABLE TRIGGER alert_event_stays;
TRUNCATE alert_event, notification, suppression, escalation, task, alert, alert_reading,
    evaluation CASCADE;
ALTER TABLE alert_event ENABLE TRIGGER alert_event_stays"""


@dataclass
class Fate:
    """Dies at each given point once, when it is reached for the given time."""

    at: dict[str, int]
    deaths: int = 0
    seen: Counter[str] = field(default_factory=Counter)

    def __call__(self, point: str) -> None:
        self.seen[point] += 1
        if self.seen[point] == self.at.get(point):
            self.deaths += 1
            raise Died(point)


def survive(work: Callable[[], object]) -> None:
    """Go on as a new process would: connections are gone, rows are there."""
    while True:
        try:
            work()
        except Died:
            continue
        return


def arrivals(clinic: Clinic) -> Iterator[None]:
    """Let readings arrive that open, raise, inhibit, resolve and come too late."""
    site, database = clinic.site, clinic.database
    take_pressures(site, database, (84, 55, 6), (185, 70, 5.5))
    yield
    take_glucoses(site, database, ("66", 5))
    yield
    take_pressures(site, database, (110, 62, 4), (112, 62, 3))
    take_glucoses(site, database, ("50", 2))
    yield
    take_pressures(site, database, (118, 70, 1), (118, 70, 0.9))
    yield


def left(clinic: Clinic) -> dict[str, list[Any]]:
    """Return what there is now; times and ids do not count."""
    return {
        name: sorted(row["t"] for row in rows(clinic.database, query))
        for name, query in (
            ("alerts", ALERTS),
            ("tasks", TASKS),
            ("messages", MESSAGES),
            ("suppressed", SUPPRESSED),
        )
    }


def live_on(clinic: Clinic, fate: Fate) -> dict[str, list[Any]]:
    """Run a life: after each arrival evaluate and tell; then time passes."""
    clinic.roster()
    with watching(fate):
        for _ in arrivals(clinic):
            survive(clinic.evaluate)
            survive(clinic.live)
        clinic.now += timedelta(minutes=20)
        survive(clinic.live)
    assert rows(clinic.database, "SELECT FROM duty") == []
    return left(clinic)


def told(clinic: Clinic) -> Counter[tuple[str, str, str]]:
    """Count what people were told, each key once: who receives one twice knows it again."""
    once = {message.id: message for message in clinic.post.sent}
    return Counter((each.address, each.purpose, each.priority) for each in once.values())


def test_who_dies_at_every_point_leaves_what_an_undisturbed_run_leaves(
    embedded_database: Database,
) -> None:
    calm, counted = Clinic(embedded_database, make_site(embedded_database)), Fate({})
    expected = live_on(calm, counted)
    assert set(POINTS) == set(counted.seen)
    with embedded_database.transaction() as connection:
        connection.execute(EMPTY)
    chance = random.Random(20261122)  # noqa: S311 - a schedule, no secret
    fate = Fate({point: chance.randint(1, counted.seen[point]) for point in POINTS})
    clinic = Clinic(embedded_database, make_site(embedded_database))
    assert live_on(clinic, fate) == expected
    assert fate.deaths == len(POINTS)
    assert told(clinic) == told(calm)
    # Only who dies between the sending and the commit tells twice, by the same key.
    assert len(clinic.post.sent) == len(calm.post.sent) + 2
