"""A clinic whose tasks are told to a far side: people here, people there, a courier between."""

import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from alerting.model import Severity
from gateway.care.dispositions import Answered, Disposition, Outcome, SymptomCheck, Urgency
from gateway.care.hands import move_task, release_task
from gateway.care.moves import Status
from gateway.care.tasks import accept_task, complete_task
from gateway.connectors import kinds
from gateway.connectors.ports import Changes, Contents
from gateway.errors import GatewayError
from gateway.outbox.courier import Courier
from gateway.outbox.file import Common, Entry
from gateway.storage.database import Connection, Database
from gateway.storage.outbox import LOOK, register
from simulators.far_sides.side import FarSide
from tests.fixtures.site import Site, make_site
from tests.integration.alerting.homes import evaluate, rows, take_glucoses, take_pressures

CONSOLE = "https://console.example"
ENDED = Disposition(
    urgency=Urgency.SELF_CARE, outcome=Outcome.TECHNIQUE_TAUGHT, actionable=True, note="Sat down."
)


@dataclass
class Ward:
    """One organisation, its far side, and the time. Every task here comes of an alert."""

    database: Database
    site: Site
    side: FarSide
    entry: Entry
    now: datetime
    begun: str = ""
    connection: Connection | None = None
    skew: timedelta = timedelta(0)
    """How far the far side's clock is ahead of the ward's."""

    @classmethod
    def open(
        cls,
        database: Database,
        side: FarSide,
        name: str,
        contents: Contents = Contents.MINIMAL,
    ) -> Self:
        """Make an organisation of its own whose tasks are told to this side."""
        site = make_site(database)
        common = Common(
            kind=side.kind, organisation=site.organisation, contents=contents, rate_per_minute=6000
        )
        entry = Entry(name, common, kinds()[side.kind].build(side.table()))
        with database.transaction() as connection:
            keep(connection, entry)
        ward = cls(database, site, side, entry, datetime.now(UTC))
        begun = entry.connector.changes(None, ward.now)
        assert isinstance(begun, Changes)
        ward.begun = begun.cursor
        return ward

    @property
    def courier(self) -> Courier:
        return Courier(self.entry, CONSOLE)

    def alerts(self, number: int = 1) -> None:
        """Let rules break: of pressure, then of glucose, then of both the other way round."""
        take: tuple[Callable[[], None], ...] = (
            lambda: take_pressures(self.site, self.database, (184, 112, 3), (186, 114, 2)),
            lambda: take_glucoses(self.site, self.database, ("52", 1)),
            lambda: take_glucoses(self.site, self.database, ("320", 0.5)),
        )
        for each in take[:number]:
            each()
            evaluate(self.database)

    def look(self, times: int = 1) -> int:
        """Let the courier work."""
        return sum(self._look() for _ in range(times))

    def _look(self) -> int:
        self._at_the_same_time()
        if self.connection is None:
            self.connection = self.database.connect(autocommit=True)
        return self.courier.look(self.connection, self.now)

    def _at_the_same_time(self) -> None:
        """Let the far side's clock go on as the ward's does."""
        self.side.faults.skew = self.skew + (self.now - datetime.now(UTC))

    def leave(self) -> None:
        """End the courier's connection."""
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def settle(self, hours: float = 6) -> None:
        """Let time pass until it was asked once more, nothing is due and nothing waits."""
        with self.database.transaction() as connection:
            connection.execute(LOOK, [self.entry.id])
        end = self.now + timedelta(hours=hours)
        while self.now < end:
            if not self.look() and not self.waiting() and self.polled_well():
                return
            self.now += timedelta(seconds=7)
        raise AssertionError(f"it does not settle: {self.state()}")

    def polled_well(self) -> bool:
        """Say whether it was asked since the last change there, and answered."""
        state = self.state()
        return state["poll_at"] is not None and state["poll_at"] > self.now

    def waiting(self) -> int:
        query = """SELECT (SELECT count(*) FROM outbox WHERE connector_id = %(c)s
            AND state = 'waiting') + (SELECT count(*) FROM inbox WHERE connector_id = %(c)s
            AND state = 'waiting') AS n"""
        return int(self._one(query)["n"])

    def dead(self) -> int:
        query = "SELECT count(*) AS n FROM outbox WHERE connector_id = %(c)s AND state = 'dead'"
        return int(self._one(query)["n"])

    def state(self) -> dict[str, Any]:
        return self._one("SELECT * FROM connector WHERE id = %(c)s")

    def _one(self, query: str) -> dict[str, Any]:
        with self.database.transaction() as connection:
            row = connection.execute(query, {"c": self.entry.id}).fetchone()
        assert row is not None
        return row

    def tasks(self) -> list[dict[str, Any]]:
        query = "SELECT * FROM task WHERE organisation_id = %s ORDER BY created_at, id"
        return rows(self.database, query, [self.site.organisation])

    def task(self) -> dict[str, Any]:
        (task,) = self.tasks()
        return task

    def history(self, task: UUID) -> list[str]:
        query = "SELECT event FROM alert_event WHERE task_id = %s ORDER BY id"
        return [row["event"] for row in rows(self.database, query, [task])]

    def here(self, do: Callable[..., None], task: UUID, *given: Any, **more: Any) -> bool:
        """Let somebody do something here; say whether it was allowed."""
        with suppress(GatewayError), self.database.transaction() as connection:
            do(connection, task, *given, self.now, **more)
            return True
        return False

    def there(self, task: UUID, **edit: Any) -> None:
        """Let somebody do something there."""
        self._at_the_same_time()
        self.side.edit(task, **edit)

    def remote(self) -> dict[UUID, Any]:
        """Return what the far side says of each task, as the connector reads it."""
        self._at_the_same_time()
        found: dict[UUID, Any] = {}
        cursor, more = self.begun, True
        while more:
            changes = self.entry.connector.changes(cursor, self.now)
            assert isinstance(changes, Changes), changes
            found |= {each.task: each for each in changes.items}
            cursor, more = changes.cursor, changes.more
        return found


def keep(connection: Connection, entry: Entry) -> None:
    """Add a far side to those that there are; `register` retires the others of the file."""
    register(connection, [entry.row()])
    connection.execute("UPDATE connector SET active = true")


def symptoms(ward: Ward) -> SymptomCheck:
    return SymptomCheck(answered_by=Answered.PATIENT, at=ward.now)


def end(ward: Ward, priority: str) -> Disposition:
    check = symptoms(ward) if Severity(priority) is Severity.P1 else None
    return ENDED.model_copy(update={"symptom_check": check})


def somebody_here(ward: Ward, chance: random.Random) -> None:
    """Do what a person may do next with one task here."""
    task = chance.choice(ward.tasks())
    by = chance.choice(("Ann", "Bea"))
    moves: Mapping[str, Callable[[], bool]] = {
        "accept": lambda: ward.here(accept_task, task["id"], by),
        "begin": lambda: ward.here(_to(Status.IN_PROGRESS), task["id"], by),
        "wait": lambda: ward.here(_to(Status.ON_HOLD), task["id"], by),
        "release": lambda: ward.here(release_task, task["id"], by),
        "complete": lambda: ward.here(complete_task, task["id"], by, end(ward, task["priority"])),
    }
    moves[chance.choice(sorted(moves))]()


def _to(status: Status) -> Callable[..., None]:
    def move(connection: Connection, task: UUID, by: str, now: datetime) -> None:
        move_task(connection, task, status, by, now)

    return move


def somebody_there(ward: Ward, chance: random.Random) -> None:
    """Do what a person may do with one task there, where it has arrived."""
    tasks = ward.side.tasks()
    if not tasks:
        return
    key = chance.choice(sorted(tasks, key=lambda task: str(task.key))).key
    status = chance.choice(("in-progress", "on-hold", "completed"))
    ended = {"urgency": "self_care", "outcome": "no_action", "actionable": False}
    ward.there(
        key,
        status=status,
        owner=chance.choice((None, "Cleo There")),
        end=ended if status == "completed" and chance.random() < 0.7 else None,
    )
