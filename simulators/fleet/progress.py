"""A progress bar on standard error; nothing where that is no terminal."""

import time
from types import TracebackType
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

# Drawing takes time from the hubs.
EVERY_S: Final = 0.5
WORDS: Final = {
    "register": "Registering homes",
    "connect": "Connecting hubs",
    "measure": "Sending readings",
    "drain": "Waiting for receipts",
    "evaluate": "Waiting for evaluation",
}


class Bar:
    """One bar for each part of a run."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        columns = (
            TextColumn("{task.description:<22}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=self._console, auto_refresh=False)
        self._tasks: dict[str, TaskID] = {}
        self._told = 0.0

    def __enter__(self) -> "Bar":
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def tell(self, part: str, done: int, of: int) -> None:
        """Draw it, at most now and then."""
        now = time.monotonic()
        if not self._console.is_terminal or (now - self._told < EVERY_S and done < of):
            return
        self._told = now
        if part not in self._tasks:
            self._tasks[part] = self._progress.add_task(WORDS[part], total=of)
        self._progress.update(self._tasks[part], completed=done, total=of, refresh=True)
