"""A folder whose files are there after a power cut, whole: written aside, synced, renamed."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge_agent.spool.epoch import sync_folder


def _nothing(_: str) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Durable:
    """A hub's folder. Whatever moment the power goes, every name has its old content or its new.

    `step` is called before and after each change: a test stops there.
    """

    path: Path
    step: Callable[[str], None] = _nothing

    def has(self, name: str) -> bool:
        """Say whether there is such a file."""
        return (self.path / name).exists()

    def read(self, name: str) -> bytes | None:
        """Return a file's content; None where it is missing."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None

    def inner(self, name: str) -> "Durable":
        """Return a folder in this one; made where it is missing, for its owner only."""
        folder = self.path / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Durable(folder, self.step)

    def keep(self, name: str, content: bytes) -> None:
        """Write a file that only its owner may read."""
        self.step(f"before keep {name}")
        new = self.path / (name + ".new")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self.step(f"written {name}")
        new.replace(self.path / name)
        sync_folder(self.path)
        self.step(f"after keep {name}")

    def move(self, name: str, to: Path) -> None:
        """Give a file another name, in one step."""
        self.step(f"before move {name}")
        (self.path / name).replace(to)
        sync_folder(to.parent)
        sync_folder(self.path)
        self.step(f"after move {name}")

    def drop(self, name: str) -> None:
        """Remove a file, if it is there."""
        self.step(f"before drop {name}")
        with suppress(FileNotFoundError):
            (self.path / name).unlink()
            sync_folder(self.path)
        self.step(f"after drop {name}")
