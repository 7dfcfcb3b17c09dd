"""Walks along one organisation's chain: does each entry follow from the one before? No IO."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

GENESIS: Final = bytes(32)
# Where an entry's number stands in the canonical form.
SEQ: Final = 1
# A table of which more is broken was written anew; to look at all of it tells nobody more.
MOST_BROKEN: Final = 1000

Seals = Mapping[int, Sequence[tuple[bytes, str]]]
"""By an entry's number: the hash that is vouched for, and by which checkpoint."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row: its number, its stored hash, and its columns as the canonical form has them."""

    seq: int
    hash: bytes
    parts: tuple[str | None, ...]

    def hashed(self, before: bytes, seq: int | None = None) -> bytes:
        """Return the hash that it must have after this one, at its place or at another."""
        parts = list(self.parts)
        if seq is not None:
            parts[SEQ] = str(seq)
        return sha256(before + json.dumps(parts, ensure_ascii=False).encode()).digest()


@dataclass(frozen=True, slots=True)
class Broken:
    """An entry that does not follow from the one before."""

    entry: Entry
    before: bytes


@dataclass(frozen=True, slots=True)
class Differs:
    """An entry that is not the one that a checkpoint vouches for."""

    seq: int
    by: str
    agreed: int
    """The last entry before it that is as it was vouched for."""


@dataclass(slots=True)
class Walk:
    """What was seen on the way."""

    seals: Seals
    last: int = 0
    hash: bytes = GENESIS
    count: int = 0
    agreed: int = 0
    twice: list[int] = field(default_factory=list)
    holes: list[tuple[int, int]] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    differs: list[Differs] = field(default_factory=list)

    def along(self, entries: Iterable[Entry]) -> "Walk":
        """Go along entries, in the order of their numbers."""
        for entry in entries:
            self.count += 1
            if entry.seq <= self.last:
                self.twice.append(entry.seq)
                continue
            if entry.seq > self.last + 1:
                self.holes.append((self.last + 1, entry.seq - 1))
            elif len(self.broken) < MOST_BROKEN and entry.hashed(self.hash) != entry.hash:
                self.broken.append(Broken(entry, self.hash))
            self._compare(entry)
            self.last, self.hash = entry.seq, entry.hash
        return self

    def _compare(self, entry: Entry) -> None:
        for vouched, by in self.seals.get(entry.seq, ()):
            if vouched == entry.hash:
                self.agreed = entry.seq
            else:
                self.differs.append(Differs(entry.seq, by, self.agreed))
