"""The couriers of a site, each in a loop of its own: a slow far side holds up no other.

Whatever is wrong with connectors.toml, the worker evaluates readings: no far side is served until
the file is mended, and that is said.
"""

import threading
import time
from typing import Final

import structlog

from gateway.errors import WrongInput
from gateway.life import Loop
from gateway.outbox.courier import Courier
from gateway.outbox.file import FILE, read_connectors
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.outbox import not_served, register
from gateway.worker import LONGEST_RETRY_S, POLL_S

OUTBOX: Final = "outbox"
SOONEST_S: Final = 0.05
AGAIN_S: Final = 60.0
"""So often a wrong file is looked at again."""
SETTLED_S: Final = 2.0
"""So long nobody has written it: half of a file is a file without the other far sides."""
DO: Final = "mend it; it is read again every minute; `connectors list` says whether it is right"

log = structlog.get_logger()


class FarSides:
    """Serves the far sides of the site's connectors.toml as soon as the file is right."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        stop: threading.Event,
        again_s: float = AGAIN_S,
    ) -> None:
        self._settings = settings
        self._database = database
        self._stop = stop
        self._again_s = again_s
        self._said = ""

    def run(self) -> None:
        """Take the file up, then serve until stopped."""
        while not self._stop.is_set():
            try:
                if self._said and self._being_written():
                    self._stop.wait(min(self._again_s, SETTLED_S))
                    continue
                loops = self._loops()
            except WrongInput as error:
                wait_s = self._say(str(error))
            except Exception as error:  # noqa: BLE001 - as of a database that is away
                wait_s, name = LONGEST_RETRY_S, type(error).__name__
                log.warning("loop_interrupted", loop=OUTBOX, error=name, retry_s=wait_s)
            else:
                _serve(loops)
                return
            self._stop.wait(wait_s)

    def _being_written(self) -> bool:
        """Say whether somebody who mends the file may not be done."""
        try:
            written = (self._settings.home / FILE).stat().st_mtime
        except FileNotFoundError:
            return False
        return 0 <= time.time() - written < SETTLED_S

    def _loops(self) -> list[Loop]:
        """Make the database's far sides those of the file, and return their loops."""
        entries = read_connectors(self._settings.home / FILE)
        with self._database.transaction() as connection:
            register(connection, [entry.row() for entry in entries])
        return [
            Loop(
                self._database,
                self._stop,
                Courier(entry, self._settings.console_origin).look,
                OUTBOX,
                poll_s=min(POLL_S, max(SOONEST_S, entry.pause.total_seconds())),
            )
            for entry in entries
        ]

    def _say(self, wrong: str) -> float:
        """Say what is wrong, once: in the log, and of each far side; return how long to wait."""
        if wrong != self._said:
            log.error("far_sides_not_served", wrong=wrong, do=DO)
            self._said = wrong
        try:
            with self._database.transaction() as connection:
                not_served(connection)
        except Exception as error:  # noqa: BLE001 - it is marked at the next look
            log.warning("loop_interrupted", loop=OUTBOX, error=type(error).__name__)
        return self._again_s


def _serve(loops: list[Loop]) -> None:
    """Run each in a thread until all of them end, by the event that was given to them."""
    threads = [threading.Thread(target=loop.run, name="courier", daemon=True) for loop in loops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
