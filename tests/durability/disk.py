"""A disk with a cache that loses power: of what was not synced, any part may be there.

- A file has what it had at its last fsync or fdatasync, and of each write since: all, nothing, or
  some of its sectors, with noise in at most one of them. No write spoils its neighbours (SQLite
  calls that powersafe overwrite).
- Names (create, rename, link, unlink) happen in order, as in every journal of Linux, but lag by
  any number of steps until the folder itself is synced; syncing a file does not save its name.
"""

import random
from collections import defaultdict
from typing import Final

from tests.durability.recorder import Event

SECTOR: Final = 512
SHM_OCTETS: Final = 32_768


class Disk:
    """What is safe, and what is only in the cache."""

    def __init__(self) -> None:
        self._safe: dict[int, bytearray] = defaultdict(bytearray)
        self._cached: dict[int, list[Event]] = defaultdict(list)
        self._names: dict[str, int] = {}
        self._moves: list[Event] = []

    def do(self, event: Event) -> None:
        """Take one step of the recording."""
        if event.kind in ("write", "truncate"):
            self._cached[event.file].append(event)
        elif event.kind in ("create", "rename", "link", "unlink"):
            self._moves.append(event)
        elif event.kind == "sync":
            for waiting in self._cached.pop(event.file, []):
                _apply(self._safe[event.file], waiting)
        elif event.kind == "syncdir":
            self._names = _moved(self._names, self._moves)
            self._moves = []

    @property
    def unsynced(self) -> int:
        """Return how many writes a cut could lose now."""
        return sum(len(waiting) for waiting in self._cached.values())

    def cut(self, chance: random.Random) -> dict[str, bytes]:
        """Return what is on the disk after losing power here."""
        names = _moved(self._names, self._moves[: chance.randint(0, len(self._moves))])
        losing = chance.choice([0.0, 0.1, 0.5, 0.9, 1.0])
        return {name: self._left(name, number, losing, chance) for name, number in names.items()}

    def _left(self, name: str, number: int, losing: float, chance: random.Random) -> bytes:
        if name.endswith("-shm"):  # mapped, so not recorded: anything may be in it
            length = chance.choice([0, 3, SHM_OCTETS, SHM_OCTETS])
            return chance.choice([bytes(length), chance.randbytes(length)])
        octets = bytearray(self._safe.get(number, b""))
        for waiting in self._cached.get(number, []):
            if chance.random() < losing:
                continue
            if waiting.kind == "write" and chance.random() < 0.2:
                _tear(octets, waiting, chance)
            else:
                _apply(octets, waiting)
        return bytes(octets)


def _apply(octets: bytearray, event: Event) -> None:
    if event.kind == "truncate":
        _resize(octets, event.offset)
        return
    end = event.offset + len(event.data)
    _resize(octets, max(end, len(octets)))
    octets[event.offset : end] = event.data


def _resize(octets: bytearray, size: int) -> None:
    del octets[size:]
    octets.extend(bytes(size - len(octets)))


def _tear(octets: bytearray, event: Event, chance: random.Random) -> None:
    """Write some of the sectors, one of them perhaps with noise."""
    noisy = chance.random() < 0.3
    for start in range(0, len(event.data), SECTOR):
        data = event.data[start : start + SECTOR]
        if chance.random() < 0.5:
            if noisy:
                data, noisy = chance.randbytes(len(data)), False
            _apply(octets, Event("write", offset=event.offset + start, data=data))


def _moved(names: dict[str, int], moves: list[Event]) -> dict[str, int]:
    names = dict(names)
    for move in moves:
        if move.kind == "create":
            names[move.name] = move.file
            continue
        if move.kind != "link":
            names.pop(move.name, None)
        if move.kind != "unlink":
            names[move.new_name] = move.file
    return names
