"""Lives of alerts by schedules: what arrives when, and at which steps the program dies.

A schedule is made of its seed alone. The same life without a death says what must be there.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from alerting.packs.loader import load_packs
from device_profiles.reading import Reading
from gateway.fail_points import Died, watching
from gateway.storage.database import Database
from gateway.worker import Worker
from tests.fixtures.site import blood_pressure, make_site, reading_body
from tests.integration.alerting.homes import ago, glucose, rows
from tests.integration.alerting.life import Clinic

POINTS = (
    *("stored", "opened", "carried_out", "evaluated"),
    *("rung", "climbed", "sent", "settled", "released"),
)
# Who dies here has told somebody already, and tells it again, by the same key.
TOLD = ("sent", "settled")
EVERYBODY = {key: rule for key, rule in load_packs().items() if rule.programme is None}
LEFT = {
    "alerts": """SELECT rule_key || ' ' || severity || ' ' || state || ' ' || readings AS t
        FROM alert""",
    "tasks": """SELECT rule_key || ' ' || priority || ' ' || status || ' ' || readings AS t
        FROM task""",
    "messages": """SELECT n.address || ' ' || n.state || ' ' || n.purpose || ' ' || t.rule_key AS t
        FROM notification n JOIN task t ON t.id = n.tasks[1]""",
    "suppressed": """SELECT rule_key || ' ' || what || ' ' || coalesce(end_reason, '-') AS t
        FROM suppression""",
    "evidence": """SELECT a.rule_key || ' ' || r.measured_at || ' ' || r.severity AS t
        FROM alert_reading r JOIN alert a ON a.id = r.alert_id""",
    "history": "SELECT event || ' ' || coalesce(severity, '-') AS t FROM alert_event",
}
DOUBLED = """
SELECT (SELECT count(*) FROM (SELECT FROM alert WHERE state <> 'resolved'
    GROUP BY patient_id, rule_key, direction HAVING count(*) > 1) a) AS alerts,
  (SELECT count(*) FROM (SELECT FROM task WHERE status IN ('requested', 'accepted')
    GROUP BY patient_id, rule_key, direction HAVING count(*) > 1) t) AS tasks,
  (SELECT count(*) FROM duty) AS duties"""
EMPTY = """
ALTER TABLE alert_event DISABLE TRIGGER alert_event_stays;
TRUNCATE alert_event, notification, suppression, escalation, task, alert, alert_reading,
    evaluation CASCADE;
ALTER TABLE alert_event ENABLE TRIGGER alert_event_stays"""


@dataclass(frozen=True)
class Arrival:
    """Readings that come together, `again` so often; then so much time passes."""

    readings: tuple[tuple[Reading, float], ...]
    again: int = 0
    then: timedelta = timedelta()


@dataclass
class Fate:
    """Dies at these steps, counted over all points that are reached."""

    at: frozenset[int] = frozenset()
    step: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    deaths: Counter[str] = field(default_factory=Counter)

    def __call__(self, point: str) -> None:
        self.step += 1
        self.seen[point] += 1
        if self.step in self.at:
            self.deaths[point] += 1
            raise Died(point)


def arrivals(chance: random.Random) -> list[Arrival]:
    """Draw what opens, raises, inhibits, resolves, comes late, comes out of order and again."""
    hours = iter(chance.sample([hour / 4 for hour in range(1, 60)], 15))
    return [
        Arrival(
            tuple((_reading(chance, hour), hour) for _, hour in zip(range(count), hours)),  # noqa: B905
            again=chance.choice((0, 0, 1, 2)),
            then=timedelta(minutes=chance.choice((0, 0, 10, 20))),
        )
        for count in (chance.randint(1, 4) for _ in range(chance.randint(2, 3)))
    ]


def _reading(chance: random.Random, hour: float) -> Reading:
    if chance.random() < 0.5:
        return glucose(chance.choice(("50", "66", "75", "110", "260", "310")), ago(hour))
    return blood_pressure(*chance.choice(((185, 70), (185, 55), (118, 70), (84, 55))), ago(hour))


def survive(work: Callable[[], object]) -> None:
    """Go on as a new process would: connections are gone, rows are there."""
    while True:
        try:
            work()
        except Died:
            continue
        return


@dataclass
class Life:
    """One life, from nothing to its end, and what it left."""

    clinic: Clinic
    fate: Fate
    left: dict[str, list[str]]
    doubled: dict[str, Any]

    @property
    def told(self) -> Counter[tuple[str, str, str]]:
        """Count what people were told, each key once: who receives one twice knows it again."""
        once = {message.id: message for message in self.clinic.post.sent}
        return Counter((each.address, each.purpose, each.priority) for each in once.values())

    @property
    def told_again(self) -> int:
        sent = [message.id for message in self.clinic.post.sent]
        return len(sent) - len(set(sent))


def live_on(database: Database, came: list[Arrival], fate: Fate) -> Life:
    """Run a life: after each arrival evaluate and tell; then time passes."""
    with database.transaction() as connection:
        connection.execute(EMPTY)
    clinic = Clinic(database, make_site(database))
    clinic.roster()
    with watching(fate):
        for arrival in came:
            _arrive(clinic, arrival)
            clinic.now += arrival.then
            survive(clinic.live)
        clinic.now += timedelta(minutes=20)
        survive(clinic.live)
    left = {name: sorted(r["t"] for r in rows(database, query)) for name, query in LEFT.items()}
    return Life(clinic, fate, left, rows(database, DOUBLED)[0])


def _arrive(clinic: Clinic, arrival: Arrival) -> None:
    site, database = clinic.site, clinic.database
    sent = [
        site.envelope(reading_body(site, reading, ago(hour))) for reading, hour in arrival.readings
    ]
    for _ in range(1 + arrival.again):
        survive(lambda: site.accept(database, sent))
        survive(lambda: _evaluate(clinic))
        survive(clinic.live)


def _evaluate(clinic: Clinic) -> None:
    worker = Worker(clinic.database, threading.Event(), clock=lambda: clinic.now)
    with clinic.database.connect(autocommit=True) as connection:
        worker.drain(connection, EVERYBODY)


def schedule(seed: int) -> tuple[list[Arrival], Callable[[int], frozenset[int]]]:
    """Return what arrives, and, of so many steps that it takes in peace, those to die at."""
    chance = random.Random(seed)  # noqa: S311 - a schedule, no secret
    came = arrivals(chance)
    return came, lambda steps: frozenset(chance.sample(range(1, steps + 1), min(steps, 6)))


def calm(came: list[Arrival]) -> list[Arrival]:
    """Return the same, each once."""
    return [replace(each, again=0) for each in came]
