"""Simulated cohorts, made like the recordings they are compared with."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from simulators.sample import Sample
from simulators.vitals.patient import VirtualPatient

SEED: Final = 20260302
FIRST: Final = date(2026, 3, 2)


@dataclass(frozen=True, slots=True)
class Cohort:
    """So many people of one condition, for so many days."""

    condition: str
    kind: str
    people: int
    days: int
    adherence: float | None = None

    def samples(self) -> list[Sample]:
        """Return what they measured; setbacks come at their rate."""
        found: list[Sample] = []
        for number in range(self.people):
            name = f"{self.condition}-{number:03}"
            person = VirtualPatient(name, SEED, self.condition, self.adherence, eventful=False)
            found.extend(person.samples(FIRST, self.days, {self.kind}))
        return found

    def __str__(self) -> str:
        made = "drawn" if self.adherence is None else f"{self.adherence:.0%}"
        return f"{self.people} people, {self.condition}, {self.days} days, adherence {made}"
