"""Loops that need a file of the site's: they run as soon as it is right, and the rest meanwhile.

Readings are evaluated whatever an operator typed into a file about something else.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from gateway.errors import WrongInput
from gateway.life import Loop
from gateway.worker import LONGEST_RETRY_S

AGAIN_S: Final = 60.0
"""So often a wrong file is looked at again."""
SETTLED_S: Final = 2.0
"""So long nobody has written it: half of a file may be a file, and of something else."""
DO: Final = "mend the file; it is read again every minute"

log = structlog.get_logger()


class WhenRight:
    """Makes loops of a file and runs them; of a wrong one says `event` in the log, once.

    `loops` raises WrongInput. `wrong` is called at each look that finds the file wrong.
    """

    def __init__(
        self,
        file: Path,
        event: str,
        loops: Callable[[], list[Loop]],
        stop: threading.Event,
        wrong: Callable[[], None] = lambda: None,
        again_s: float = AGAIN_S,
    ) -> None:
        self._file, self._event = file, event
        self._loops, self._wrong = loops, wrong
        self._stop, self._again_s = stop, again_s
        self._said = ""

    def run(self) -> None:
        """Take the file up, then run its loops until stopped."""
        while not self._stop.is_set():
            if self._being_written():
                self._stop.wait(SETTLED_S)
                continue
            try:
                loops = self._taken_up()
            except Exception as error:  # noqa: BLE001 - as of a database that is away
                name, wait_s = type(error).__name__, LONGEST_RETRY_S
                log.warning("loop_interrupted", loop=self._file.name, error=name, retry_s=wait_s)
                self._stop.wait(wait_s)
                continue
            if loops is not None:
                _run(loops)
                return
            self._stop.wait(self._again_s)

    def _taken_up(self) -> list[Loop] | None:
        """Return the loops; None while the file is wrong, which is said."""
        try:
            return self._loops()
        except WrongInput as error:
            if self._said != str(error):
                self._said = str(error)
                log.error(self._event, wrong=self._said, do=DO)  # noqa: TRY400
            self._wrong()
            return None

    def _being_written(self) -> bool:
        """Say whether somebody who writes or mends the file may not be done."""
        try:
            written = self._file.stat().st_mtime
        except OSError:  # there is none, or reading it says what is wrong
            return False
        return 0 <= time.time() - written < SETTLED_S


def _run(loops: list[Loop]) -> None:
    """Run each in a thread until all of them end, by the event that was given to them."""
    threads = [threading.Thread(target=loop.run, name="beside", daemon=True) for loop in loops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
