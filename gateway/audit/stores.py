"""Where checkpoints are kept: in the database, in the gateway's home, and in a folder elsewhere."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.settings import Settings
from gateway.storage.database import Connection

FILE: Final = "checkpoints.jsonl"
# A line is shorter, however many organisations are in it.
TAIL: Final = 1 << 20
# Of the same class as ingest's locks: who seals and who verifies do not come between each other.
LOCK: Final = "SELECT pg_advisory_lock(18508, 17)"
UNLOCK: Final = "SELECT pg_advisory_unlock(18508, 17)"

LINES: Final = "SELECT number, line FROM audit_checkpoint WHERE number > %s ORDER BY number"
ADD: Final = "INSERT INTO audit_checkpoint (number, line) VALUES (%s, %s)"


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """Be the only one who writes checkpoints, or reads all of them."""
    connection.execute(LOCK)
    try:
        yield
    finally:
        connection.execute(UNLOCK)


def in_database(connection: Connection, after: int = 0) -> list[str]:
    """Return the lines with greater numbers."""
    return [row["line"] for row in connection.execute(LINES, [after]).fetchall()]


def keep(connection: Connection, number: int, line: str) -> None:
    """Keep a new one."""
    connection.execute(ADD, [number, line])


@dataclass(frozen=True, slots=True)
class CheckpointFile:
    """A file that is only added to."""

    path: Path

    def lines(self) -> list[str]:
        """Return all; none where there is no file."""
        try:
            return self.path.read_text("utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def last(self) -> int:
        """Return the number of the last one; 0 where there is none."""
        for line in reversed(self._tail().splitlines()):
            with suppress(ValueError, KeyError, TypeError):
                return int(json.loads(line.rpartition(b" ")[0])["number"])
        return 0

    def _tail(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
                return file.read()
        except FileNotFoundError:
            return b""

    def add(self, lines: Sequence[str]) -> None:
        """Add lines, and see that they are on the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            os.fchmod(file.fileno(), 0o600)
            # A crash may have left half a line.
            if file.tell() and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n":
                file.write(b"\n")
            file.write("".join(line + "\n" for line in lines).encode())
            file.flush()
            os.fsync(file.fileno())


def files(settings: Settings) -> list[CheckpointFile]:
    """Return the files of this site."""
    folders = [settings.audit_folder, settings.audit_checkpoints]
    return [CheckpointFile(folder / FILE) for folder in folders if folder is not None]
