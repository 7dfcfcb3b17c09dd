"""One run: publish as a hub would, then follow the reading: stored, evaluated, task, told.

The task goes nowhere but to the console's address of the watchdog, and is ended here.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import structlog

from gateway.errors import GatewayError
from gateway.settings import Settings
from gateway.storage import watchdog
from gateway.storage.database import Connection
from gateway.watchdog.hub import SYSTOLIC, envelopes, organisations, publish, renew

GIVE_UP: Final = timedelta(minutes=10)
STEPS: Final = (
    ("published_at", "published"),
    ("stored_at", "stored"),
    ("evaluated_at", "evaluated"),
    ("task_at", "task"),
    ("notified_at", "told"),
)

log = structlog.get_logger()


class Watchdog:
    """Begins what is due and follows what is under way; the state is in rows."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def look(self, connection: Connection, now: datetime) -> int:
        """Do what is due; return how many runs were begun or are over. Autocommit."""
        return self.begin(connection, now) + self.follow(connection, now)

    def begin(self, connection: Connection, now: datetime, organisation: UUID | None = None) -> int:
        """Publish for every organisation whose run is due, and whose hub's keys are here."""
        begun, mine = 0, [organisation] if organisation else organisations(self._settings)
        while mine and (run := self._take(connection, now, mine)) is not None:
            id_, taken = run
            begun += 1
            try:
                with connection.transaction():
                    renew(connection, self._settings, taken, now)
                publish(self._settings, taken, envelopes(self._settings, taken, now))
            except (GatewayError, OSError) as error:
                # The run goes on to its end without a reading, and says how far it came.
                log.warning("watchdog_not_published", error=type(error).__name__)
                continue
            with connection.transaction():
                connection.execute(watchdog.PUBLISHED, [now, id_])
        return begun

    def follow(self, connection: Connection, now: datetime) -> int:
        """See how far each run has come; end what is proved or too late."""
        over = 0
        with connection.transaction():
            for row in watchdog.follow(connection):
                over += _follow(connection, row, now)
        return over

    def _take(
        self, connection: Connection, now: datetime, mine: Sequence[UUID]
    ) -> tuple[UUID, watchdog.Taken] | None:
        with connection.transaction():
            taken = watchdog.take(connection, mine, len(SYSTOLIC), now)
            if taken is None:
                return None
            id_ = uuid4()
            connection.execute(watchdog.BEGIN, [id_, taken.organisation, taken.seq, now])
        return id_, taken


def _follow(connection: Connection, row: Mapping[str, Any], now: datetime) -> bool:
    """Keep how far a run has come; tell whether it is over."""
    stored = row["disposition"] == "stored"
    proved = row["notified_at"] is not None
    late = now - row["begun_at"] > GIVE_UP
    state = "proved" if proved else "failed" if late else "running"
    kept = {
        **row,
        "stored_at": row["stored_at"] if stored else None,
        "state": state,
        "over_at": None if state == "running" else now,
        "error": why(row, refused=row["reason"]) if state == "failed" else None,
    }
    connection.execute(watchdog.KEEP, kept)
    if state == "running":
        return False
    watchdog.close_tasks(connection, row["patient_id"], now)
    if state == "failed":
        log.error("watchdog_failed", organisation=str(row["organisation_id"]), error=kept["error"])
    return True


def why(row: Mapping[str, Any], refused: str | None = None) -> str:
    """Say at which step a run ended."""
    done = [name for column, name in STEPS if row.get(column) is not None]
    missing = [name for column, name in STEPS if row.get(column) is None]
    if refused:
        return f"refused at ingest: {refused}"
    came = done[-1] if done else "nowhere"
    return f"came as far as: {came}; not {missing[0]}" if missing else "came late"
