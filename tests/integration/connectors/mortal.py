"""A ward whose courier is a process of its own, ended by kill -9 at the points that a test says."""

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from typing import Any

from gateway.connectors import kinds
from gateway.fail_points import watching
from gateway.outbox.courier import Courier
from gateway.outbox.file import Common, Entry
from gateway.storage.database import Database
from tests.integration.alerting.homes import rows, until
from tests.integration.connectors.ward import CONSOLE, Ward

POINTS = ("about_to_put", "put", "put_settled", "polled", "poll_settled", "applied")
GOES_ON = None
KINDS = kinds()
# Started from a process that has no threads, and has loaded what all of them need.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["pytest", __name__])


def serve(pipe: Pipe, url: str, name: str, common: Common, table: dict[str, Any]) -> None:
    """Look once for each time that comes, and ask at every point whether to go on."""
    entry = Entry(name, common, KINDS[common.kind].build(table))

    def ask(point: str) -> None:
        pipe.send(point)
        pipe.recv()

    with Database(url).connect(autocommit=True) as connection, watching(ask):
        pipe.send(connection.info.backend_pid)
        while True:
            now: datetime = pipe.recv()
            pipe.send(Courier(entry, CONSOLE).look(connection, now))


@dataclass
class MortalWard(Ward):
    """Where `deaths` says so of a point, the courier is killed, and another takes its place."""

    deaths: Callable[[str], bool] = lambda _: False
    died: list[str] = field(default_factory=list)
    process: BaseProcess | None = None
    pipe: Pipe | None = None
    backend: int = 0

    def _look(self) -> int:
        self._at_the_same_time()
        pipe = self.pipe or self._begin()
        pipe.send(self.now)
        while isinstance(said := pipe.recv(), str):
            if self.deaths(said):
                self.died.append(said)
                self.leave()
                return 1
            pipe.send(GOES_ON)
        return int(said)

    def _begin(self) -> Pipe:
        self.pipe, theirs = PROCESSES.Pipe()
        given = (theirs, self.database.url, self.entry.name, self.entry.common, self.side.table())
        self.process = PROCESSES.Process(target=serve, args=given, daemon=True)
        self.process.start()
        theirs.close()
        self.backend = self.pipe.recv()
        return self.pipe

    def leave(self) -> None:
        """Kill the courier, if there is one; return when the database has noticed."""
        if self.process is None or self.pipe is None:
            return
        self.process.kill()
        self.process.join()
        self.pipe.close()
        self.process = self.pipe = None
        alive = "SELECT FROM pg_stat_activity WHERE pid = %s"
        until(lambda: not rows(self.database, alive, [self.backend]))
