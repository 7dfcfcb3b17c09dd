"""The epoch's own file. It outlives the spool, so that a new spool never repeats an old seq."""

import os
from pathlib import Path

NAME = "epoch"


def read_epoch(folder: Path) -> int | None:
    """Return the stored epoch, or None where there is none that can be read."""
    try:
        epoch = int((folder / NAME).read_text("ascii"))
    except (OSError, ValueError):
        return None
    return epoch if epoch > 0 else None


def write_epoch(folder: Path, epoch: int) -> None:
    """Store the epoch so that it is there after a power cut: written aside, synced, renamed."""
    new = folder / (NAME + ".new")
    with new.open("w", encoding="ascii") as file:
        file.write(f"{epoch}\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / NAME)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder last."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
