"""One far side's courier: tells it what changed here, asks what changed there, one call at a time.

Nothing of what it does is in memory only. Before a call it is kept what will be written there;
after it, what came of it. Who dies between the two calls again: the far side has one task for one
of ours, whatever is sent how often.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg
import structlog

from gateway.connectors.ports import (
    Changed,
    Changes,
    Known,
    Later,
    Outcome,
    Put,
    Refused,
    Work,
)
from gateway.fail_points import reached
from gateway.outbox.arrivals import apply_next, keep_unread
from gateway.outbox.file import Entry
from gateway.outbox.patience import is_hopeless, pause
from gateway.storage import outbox
from gateway.storage.database import Connection
from gateway.storage.outbox import Waiting
from gateway.storage.outgoing import work

PATIENT: Final = timedelta(minutes=1)
"""So late a look at what changed goes before the next task."""
DOWN: Final = 3
"""So many failures in a row are told in the log."""

log = structlog.get_logger()
"""Ids and kinds of error only."""


@dataclass(frozen=True, slots=True)
class Courier:
    """Serves one far side. `console` is the console's address, for links."""

    entry: Entry
    console: str

    def look(self, connection: Connection, now: datetime) -> int:
        """Do the next thing that is due; return how many were done. Autocommit."""
        with _alone(connection, self.entry.id) as alone:
            if not alone:
                return 0
            return apply_next(connection, self.entry, now) or self._call(connection, now)

    def _call(self, connection: Connection, now: datetime) -> int:
        state = connection.execute(outbox.STATE, [self.entry.id]).fetchone()
        if state is None or any(
            state[key] and state[key] > now for key in ("open_at", "next_call_at")
        ):
            return 0
        poll_at = state["poll_at"]
        if poll_at is None or poll_at + max(PATIENT, 2 * self.entry.pause) <= now:
            return self._poll(connection, state, now)
        # Else a task goes first: who is asked at every turn what changed is never told anything.
        done = self._put(connection, state, now)
        return done if done or poll_at > now else self._poll(connection, state, now)

    def _put(self, connection: Connection, state: dict[str, Any], now: datetime) -> int:
        with connection.transaction():
            waiting = outbox.next_waiting(connection, self.entry.id, now)
            if waiting is None:
                return 0
            try:
                with connection.transaction():
                    told, known = self._about_to_put(connection, waiting)
            except psycopg.OperationalError:
                raise
            except Exception as error:  # noqa: BLE001 - a task of which nothing can be said
                self._dead(connection, waiting, type(error).__name__, now)
                return 1
        reached("about_to_put")
        outcome = _asked(lambda: self.entry.connector.put(told, known))
        reached("put")
        with connection.transaction():
            self._became(connection, state, waiting, told, outcome, now)
        reached("put_settled")
        return 1

    def _about_to_put(self, connection: Connection, waiting: Waiting) -> tuple[Work, Known | None]:
        contents, version = self.entry.common.contents, waiting.rows[-1]
        told = work(connection, waiting.task, contents, version, self.console)
        reads_as = self.entry.connector.reads_as(told.status)
        known = outbox.about_to_put(
            connection, self.entry.id, told.organisation, told.task, reads_as, told.owner
        )
        return told, known

    def _dead(self, connection: Connection, waiting: Waiting, error: str, now: datetime) -> None:
        row = {"ids": list(waiting.rows), "now": now, "error": error}
        connection.execute(outbox.DEAD, row)
        log.warning("outbox_dead", connector=self.entry.name, task=str(waiting.task))

    def _became(
        self,
        connection: Connection,
        state: dict[str, Any],
        waiting: Waiting,
        told: Work,
        outcome: Outcome,
        now: datetime,
    ) -> None:
        if isinstance(outcome, Put):
            reads_as = self.entry.connector.reads_as(told.status)
            given = (waiting, outcome, reads_as, told.owner, now)
            outbox.was_put(connection, self.entry.id, *given)
            connection.execute(outbox.TOOK, [now, self.entry.id])
            if state["failures"]:
                connection.execute(outbox.LOOK, [self.entry.id])  # it is back: what changed there?
            self._well(connection, state, now)
        elif isinstance(outcome, Changed):
            self._hopeless_or_later(connection, state, waiting, "changed_there", now, now)
            outbox.receive(connection, self.entry.id, outcome.remote, "put", now)
            self._well(connection, state, now)
        elif isinstance(outcome, Refused):
            self._dead(connection, waiting, outcome.reason, now)
            self._well(connection, state, now)
        else:
            wait = self._failed(connection, state, outcome, now)
            # Twice: what fails alone lets others go first.
            self._hopeless_or_later(connection, state, waiting, outcome.error, now, now + 2 * wait)

    def _hopeless_or_later(
        self,
        connection: Connection,
        state: dict[str, Any],
        waiting: Waiting,
        error: str,
        now: datetime,
        then: datetime,
    ) -> None:
        if is_hopeless(waiting, state["took_at"], now):
            self._dead(connection, waiting, error, now)
        else:
            row = {"ids": list(waiting.rows), "now": now, "error": error}
            connection.execute(outbox.PUT_OFF, row | {"next": then})

    def _poll(self, connection: Connection, state: dict[str, Any], now: datetime) -> int:
        found = _asked(lambda: self.entry.connector.changes(state["cursor"], now))
        reached("polled")
        with connection.transaction():
            if isinstance(found, Changes):
                for remote in found.items:
                    outbox.receive(connection, self.entry.id, remote, "poll", now)
                for unread in found.unread:
                    keep_unread(connection, self.entry, unread, now)
                # The pages of one answer are read together: what is put between moves what follows.
                again = None if found.more else now + self.entry.poll_every
                row = {"id": self.entry.id, "cursor": found.cursor, "again": again}
                connection.execute(outbox.POLLED, row | {"next": now + self.entry.pause})
                if state["cursor"] is None:
                    connection.execute(outbox.LOOK_AT_ALL, [self.entry.id])
                if not self._waits(connection, state):
                    self._well(connection, state, now)
            else:
                # The next turn is a task's: a search that fails is no reason not to tell.
                wait = self._failed(connection, state, found, now)
                later = now + max(self.entry.poll_every, 2 * wait)
                row = {"id": self.entry.id, "later": later, "now": now}
                connection.execute(outbox.POLL_LATER, row)
        reached("poll_settled")
        return 1

    def _waits(self, connection: Connection, state: dict[str, Any]) -> bool:
        """Say whether a task waits for a far side that failed: then that is what shows it well."""
        if not state["failures"]:
            return False
        return connection.execute(outbox.WAITS, [self.entry.id]).fetchone() is not None

    def _well(self, connection: Connection, state: dict[str, Any], now: datetime) -> None:
        if state["failures"] >= DOWN:
            log.info("connector_well", connector=self.entry.name)
        row = {"id": self.entry.id, "now": now, "next": now + self.entry.pause}
        connection.execute(outbox.WELL, row)

    def _failed(
        self, connection: Connection, state: dict[str, Any], why: Later | Refused, now: datetime
    ) -> timedelta:
        later = why if isinstance(why, Later) else Later(why.reason)
        failures = state["failures"] + 1
        wait = pause(failures, later.after)
        if failures == DOWN:
            log.error("connector_down", connector=self.entry.name, error=later.error)
        row = {"id": self.entry.id, "now": now, "error": later.error, "open": now + wait}
        connection.execute(outbox.DOWN, row | {"next": now + self.entry.pause})
        return wait


def _asked(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - a connector's mistake holds up no other
        return Later(type(error).__name__)


@contextmanager
def _alone(connection: Connection, connector: UUID) -> Iterator[bool]:
    """Be the only courier of a far side. The lock ends with the connection, however that ends."""
    row = connection.execute(outbox.LOCK, [str(connector)]).fetchone()
    held = bool(row and row["held"])
    try:
        yield held
    finally:
        if held and not connection.closed:
            connection.execute(outbox.UNLOCK, [str(connector)])
