"""SQLite's index of its log, as a witness of what was committed.

A log that is damaged in its middle looks to SQLite like one that ends there: it goes on without the
commits behind, and gives their sequence numbers again. But the index beside it (-shm) was told of
every commit once the log was synced. It is only mapped, so after a power cut it may be old or
gone; then it says less, never more.

    0   48  header: ... u8 initialised (12) ... u32 last frame (16) ... salts (32, 8 octets)
    48  48  the same again
    96  4   frames that are in the database too
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

HEADER: Final = struct.Struct("=12xB3xI12x8s8x")
OCTETS: Final = 2 * HEADER.size + 4


@dataclass(frozen=True, slots=True)
class Index:
    """What the index says of the log."""

    frames: int
    salts: bytes
    in_database: int

    def promises_more_than(self, found: "Index | None") -> bool:
        """Say whether SQLite has found less than was committed."""
        if found is None or self.in_database >= self.frames:
            return False
        same_log = not found.frames or found.salts == self.salts
        return same_log and found.frames < self.frames


def open_index(path: Path) -> BinaryIO | None:
    """Open the index where there is one. It must be closed after the database, never before."""
    try:
        return path.open("rb", buffering=0)
    except OSError:
        return None


def read_index(file: BinaryIO | None) -> Index | None:
    """Return what the index says now, or None where it says nothing that can be believed."""
    if file is None:
        return None
    octets = os.pread(file.fileno(), OCTETS, 0)
    first, second = octets[: HEADER.size], octets[HEADER.size : 2 * HEADER.size]
    if len(octets) < OCTETS or first != second:
        return None
    initialised, frames, salts = HEADER.unpack(first)
    (in_database,) = struct.unpack_from("=I", octets, 2 * HEADER.size)
    return Index(frames, salts, in_database) if initialised == 1 else None
