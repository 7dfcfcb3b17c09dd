"""All checkpoints of a site, from wherever they are kept, and what is wrong with them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.audit.chain import Seals
from gateway.audit.checkpoint import Checkpoint, Unsigned, read


@dataclass(slots=True)
class Collected:
    """One that is found in any place counts: its signature speaks for it."""

    keys: Mapping[str, Ed25519PublicKey]
    by_number: dict[int, Checkpoint] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    places: dict[str, set[int]] = field(default_factory=dict)

    def add(self, place: str, lines: Iterable[str]) -> None:
        """Add what a place has."""
        found = self.places.setdefault(place, set())
        for at, line in enumerate(lines, start=1):
            try:
                one = read(line, self.keys)
            except Unsigned:
                self.problems.append(f"{place}: line {at} was changed: nobody signed it")
                continue
            if one.number in found:
                self.problems.append(f"{place}: checkpoint {one.number} is there twice")
            elif self.by_number.setdefault(one.number, one) != one:
                self.problems.append(f"{place}: checkpoint {one.number} is another one elsewhere")
            found.add(one.number)

    def compare(self) -> None:
        """Look for those that a place lacks."""
        needed = set(range(1, max(self.by_number, default=0) + 1))
        for place, found in self.places.items():
            for first, last in _runs(needed - found):
                which = f"checkpoint {first} is" if first == last else f"{first} to {last} are"
                self.problems.append(f"{place}: {which} missing")

    def seals(self) -> Mapping[UUID, Seals]:
        """Return what they vouch for, by organisation and number of the entry."""
        told: dict[UUID, dict[int, list[tuple[bytes, str]]]] = defaultdict(dict)
        for number, one in sorted(self.by_number.items()):
            by = f"checkpoint {number} of {one.at:%Y-%m-%d %H:%M} UTC"
            for organisation, head in one.heads.items():
                seal = (bytes.fromhex(head.hash), by)
                told[organisation].setdefault(head.seq, []).append(seal)
        return told


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    for _, pairs in groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in pairs]
        yield run[0], run[-1]
