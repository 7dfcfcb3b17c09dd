"""Before a program works: the database may be away for a while, and its schema must be there."""

import threading

from structlog.testing import capture_logs

from gateway.app import wait_for_schema
from gateway.storage.database import Database


class Impatient(threading.Event):
    """Is set after the first wait."""

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002 - as the real one
        self.set()
        return True


def test_a_database_that_is_away_is_waited_for() -> None:
    with capture_logs() as logs:
        wait_for_schema(Database("postgresql://u:sekret@/x?host=/nowhere"), Impatient())
    assert [line["event"] for line in logs] == ["database_lost"]
    assert "sekret" not in str(logs)
