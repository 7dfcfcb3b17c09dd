"""Which readings of a batch jump against the patient's last values: held, and somebody is asked.

One query for the whole batch, and none where nothing of it can jump.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from alerting.model import TAKES_PART
from alerting.packs.loader import load_packs
from alerting.rules.jump import Jump, Jumped, Measured, jumped
from device_profiles.reading import Value
from gateway.core.acceptance import Taken
from gateway.storage.database import Connection
from gateway.storage.doubts import before


@cache
def jump_rules() -> tuple[Jump, ...]:
    """Return the rules of the packs that hold readings."""
    return tuple(rule for rule in load_packs().values() if isinstance(rule, Jump))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that can jump. `n` is the place of its envelope in the batch."""

    n: int
    taken: Taken
    patient: UUID
    value: Value
    rule: Jump

    @property
    def now(self) -> Measured | None:
        """Return what was measured."""
        if self.value.number is None:
            return None
        return Measured(self.value.number, self.value.unit, self.taken.measured_at)

    def row(self, at: int) -> dict[str, Any]:
        """Return what the query asks for."""
        return {
            "n": at,
            "reading_id": str(self.taken.id),
            "patient_id": str(self.patient),
            "name": self.value.name,
            "measured_at": self.taken.measured_at.isoformat(),
            "since": (self.taken.measured_at - self.rule.within).isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reading that jumps, and against what."""

    candidate: Candidate
    last: Measured
    jump: Jumped


Owned = tuple[int, Taken, UUID]


def candidates(owned: Sequence[Owned], rules: Sequence[Jump]) -> Iterator[Candidate]:
    """Return the values that a rule can hold."""
    by_name = {rule.component: rule for rule in rules}
    for n, taken, patient in owned:
        for value in taken.reading.values if taken.reading.validity in TAKES_PART else ():
            if value.number is not None and value.name in by_name:
                yield Candidate(n, taken, patient, value, by_name[value.name])


def find_jumps(
    connection: Connection, owned: Sequence[Owned], rules: Sequence[Jump]
) -> tuple[Doubt, ...]:
    """Return what jumps; what the batch itself brings before it counts, unless that jumps too."""
    asked = sorted(
        candidates(owned, rules), key=lambda each: (each.taken.measured_at, each.taken.id)
    )
    if not asked:
        return ()
    found = before(connection, [each.row(at) for at, each in enumerate(asked)])
    doubts: list[Doubt] = []
    newest: dict[tuple[UUID, str], Measured] = {}
    for each, known in zip(asked, found, strict=True):
        key = each.patient, each.value.name
        last = max(filter(None, (known.last, newest.get(key))), key=lambda m: m.at, default=None)
        now = each.now
        jump = jumped(each.rule, now, last) if now and not known.accepted else None
        if jump and last:
            doubts.append(Doubt(each, last, jump))
        elif now:
            newest[key] = now
    return tuple(doubts)
