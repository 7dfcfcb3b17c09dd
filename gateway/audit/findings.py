"""Says what happened to a chain, from where it is broken: changed, deleted, inserted, moved."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.audit.chain import Broken, Differs, Entry, Seals, Walk

# For so many broken entries every place is tried; more are looked for nearby only.
TRIED: Final = 24


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and where: entries `first` to `last`."""

    what: str
    first: int
    last: int
    more: str = ""

    def sentence(self) -> str:
        """Say it."""
        if self.first == self.last:
            return f"entry {self.first} was {self.what}{self.more}"
        return f"entries {self.first} to {self.last} were {self.what}{self.more}"


@dataclass(frozen=True, slots=True)
class Chain:
    """What became of an organisation's chain."""

    entries: int
    sealed: int
    findings: tuple[Finding, ...]


def examine(entries: Iterable[Entry], head: tuple[int, bytes] | None, seals: Seals) -> Chain:
    """Look at a chain, its head and what checkpoints say of it."""
    walk = Walk(seals).along(entries)
    found = [
        *(Finding("inserted", seq, seq, " beside one of its number") for seq in walk.twice),
        *(Finding("deleted", first, last) for first, last in walk.holes),
        *_broken(walk.broken),
    ]
    if walk.broken and not found:  # whatever it is, it is never passed over
        found += [Finding("changed", one.entry.seq, one.entry.seq) for one in walk.broken[:1]]
    found += [*_rewritten(walk.differs, found), *_end(walk, head, found)]
    return Chain(walk.count, walk.agreed, tuple(sorted(found, key=lambda one: one.first)))


def _broken(broken: list[Broken]) -> Iterator[Finding]:
    """Tell what was done to entries; who only stands behind such a one is not named."""
    hashes = {h for b in broken[:TRIED] for h in (b.before, b.entry.hash, b.entry.hashed(b.before))}
    seqs = [b.entry.seq for b in broken[:TRIED]]
    runs: list[tuple[int, int, int | None]] = []  # first, last, how far from its place
    for number, one in enumerate(broken):
        seq = one.entry.seq
        nearby = {-1, 1, (runs[-1][2] if runs else None) or 1}
        tried = [(seq + d, one.before) for d in nearby]
        if number < TRIED:
            tried = [*((seq, h) for h in hashes), *tried, *((s, h) for s in seqs for h in hashes)]
        place = next((s for s, h in tried if one.entry.hashed(h, s) == one.entry.hash), None)
        shift = None if place is None else place - seq
        if runs and runs[-1][1:] == (seq - 1, shift):
            runs[-1] = (runs[-1][0], seq, shift)
        else:
            runs.append((seq, seq, shift))
    yield from _runs(runs)


def _runs(runs: list[tuple[int, int, int | None]]) -> Iterator[Finding]:
    for index, (first, last, shift) in enumerate(runs):
        follower = runs[index + 1] if index + 1 < len(runs) else None
        if shift is None:
            then = (follower[2] if follower and follower[0] == last + 1 else None) or 0
            # All behind it stand elsewhere: something was put in, or taken out.
            yield Finding("inserted" if then < 0 else "deleted" if then else "changed", first, last)
        elif shift:
            where = f"{first + shift}" + (f" to {last + shift}" if last > first else "")
            yield Finding("reordered", first, last, f": what stands there was {where}")


def _rewritten(differs: list[Differs], found: list[Finding]) -> Iterator[Finding]:
    """Tell of a chain that is whole in itself and another than the one that was sealed."""
    for agreed in dict.fromkeys(one.agreed for one in differs):
        of = [one for one in differs if one.agreed == agreed]
        last = max(one.seq for one in of)
        if not any(agreed < one.last and one.first <= last for one in found):
            yield Finding("written anew", agreed + 1, last, f": {of[0].by} vouches for others")


def _end(walk: Walk, head: tuple[int, bytes] | None, found: list[Finding]) -> Iterator[Finding]:
    end = max([*walk.seals, head[0] if head else 0, walk.last])
    if walk.last < end:
        what = " at the end" if walk.last else ": nothing is left"
        yield Finding("deleted", walk.last + 1, end, what)
    if head is None and walk.last:
        yield Finding("left without a head: its row in audit_head was deleted", 1, walk.last)
    elif head and head[0] < walk.last:
        yield Finding("inserted", head[0] + 1, walk.last, " behind the head, or the head changed")
    elif head and head[0] == walk.last and head[1] != walk.hash and not _touch(found, walk.last):
        yield Finding("written anew", walk.last, walk.last, ": the head vouches for another")


def _touch(found: list[Finding], seq: int) -> bool:
    return any(one.first <= seq <= one.last for one in found)
