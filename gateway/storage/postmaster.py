"""The file in which the embedded PostgreSQL tells of itself, put right after a kill in mid-start.

pgserver takes a file with fewer than eight lines for a bug of its own and raises AssertionError,
for ever: nobody else completes the file of a server that is dead.
"""

from pathlib import Path
from typing import Final

import psutil

NAME: Final = "postmaster.pid"
# PostgreSQL, src/include/utils/pidfile.h: pid, folder, start, port, socket folder, address, shared
# memory, status.
LINES: Final = 8
# As long as there is no start time, there is no shared memory that an orphan could still use.
FIRST: Final = 3


def mend(folder: Path) -> bool:
    """Complete the file that a dead server left cut short; say whether one still starts.

    It is completed, not removed: PostgreSQL itself looks whether the shared memory is in use.
    """
    path = folder / NAME
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return False
    if len(lines) >= LINES:
        return False
    if _lives(lines):
        return True
    if len(lines) < FIRST:
        path.unlink(missing_ok=True)
    else:
        path.write_text("\n".join([*lines, *[""] * (LINES - 1 - len(lines)), "starting"]) + "\n")
    return False


def _lives(lines: list[str]) -> bool:
    try:
        process = psutil.Process(int(lines[0]))
        return process.status() != psutil.STATUS_ZOMBIE and "postgres" in process.name()
    except (IndexError, ValueError, psutil.Error):
        return False
