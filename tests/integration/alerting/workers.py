"""Workers in threads and as processes of their own, and what they leave behind."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.storage.database import Database
from gateway.worker import Worker
from tests.integration.alerting.homes import one

RUN = """
import sys, threading
from gateway.storage.database import Database
from gateway.worker import Worker
Worker(Database(sys.argv[1]), threading.Event()).run()
"""

# A worker that found nothing to do, and waits.
SERVES = """SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'idle' AND position('FROM duty' IN query) > 0"""


@contextmanager
def working(database: Database, workers: int = 1, poll_s: float = 0.1) -> Iterator[None]:
    """Run workers in threads; they end when the block does."""
    stop = threading.Event()
    threads = [
        threading.Thread(target=Worker(database, stop, poll_s=poll_s).run) for _ in range(workers)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        with database.transaction() as connection:
            connection.execute("NOTIFY duty")  # so that none sleeps on
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive()


@contextmanager
def process(database: Database) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a worker as its own process."""
    child = subprocess.Popen([sys.executable, "-c", RUN, database.url], stdout=subprocess.DEVNULL)
    try:
        yield child
    finally:
        child.kill()
        child.wait(20)


def duties(database: Database) -> int:
    return int(one(database, "SELECT count(*) AS n FROM duty")["n"])


def evaluated_once(database: Database, readings: int) -> None:
    found = one(database, "SELECT count(*) AS n, max(times) AS times FROM evaluation")
    assert found == {"n": readings, "times": 1}
