"""When tasks are there for others to see, by a connection of its own to the gateway's database."""

import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from simulators.alerting_load.rules import PREFIX
from simulators.programs import ProgramFailed
from simulators.site import Gateway

LOOK_EVERY_S: Final = 0.2
TASK_CHANNEL: Final = "task"  # the gateway tells each task's id there, with its commit
# From the reading that made the worker open it: where there were several, from the first.
OPENED: Final = """
SELECT t.id, min(e.received_at) AS received, min(e.stored_at) AS stored
FROM task t JOIN alert_reading r ON r.alert_id = t.alert_id AND r.added_at = t.created_at
JOIN envelope e ON e.reading_id = r.reading_id AND e.disposition = 'stored'
WHERE t.created_at >= %s GROUP BY t.id"""
CAUGHT: Final = """
SELECT count(DISTINCT reading_id) AS count FROM alert_reading WHERE rule_key LIKE %s"""


def database_url(gateway: Gateway) -> str:
    """Return the URL of the embedded database. Raises ProgramFailed where it does not run."""
    folder = Path(gateway.environment["HEARTHLINE_HOME"]).resolve() / "postgres"
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
        return f"postgresql://postgres@/postgres?host={lines[4]}&port={lines[3]}"
    except (OSError, IndexError):
        raise ProgramFailed("The embedded database does not run.") from None


class Seen:
    """Listens, in a thread, for tasks; remembers when each was told for the first time."""

    def __init__(self, url: str) -> None:
        self._url, self._stop = url, threading.Event()
        self._at: dict[str, float] = {}
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self.began = datetime.now(UTC)

    def __enter__(self) -> "Seen":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _listen(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f"LISTEN {TASK_CHANNEL}")
            while not self._stop.is_set():
                for told in connection.notifies(timeout=LOOK_EVERY_S):
                    self._at.setdefault(told.payload, time.time())

    def delays(self) -> dict[str, list[float]]:
        """Return for each task the milliseconds from its reading's receipt, and its storing."""
        with psycopg.connect(self._url, row_factory=dict_row) as connection:
            rows = connection.execute(OPENED, [self.began]).fetchall()
        return {name: [self._ms(row, name) for row in rows] for name in ("received", "stored")}

    def caught(self) -> int:
        """Return how many readings are evidence of an alert of this load's rules."""
        with psycopg.connect(self._url, row_factory=dict_row) as connection:
            row = connection.execute(CAUGHT, [f"{PREFIX}%"]).fetchone()
        return int(row["count"]) if row else 0

    def _ms(self, row: dict[str, Any], name: str) -> float:
        return (self._at[str(row["id"])] - float(row[name].timestamp())) * 1000
