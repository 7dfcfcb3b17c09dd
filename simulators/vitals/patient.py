"""A virtual patient: the same seed gives the same samples, on every machine."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Protocol

from simulators.sample import Sample
from simulators.vitals import glucose, oxygen, pressure, temperature, weight
from simulators.vitals.adherence import Adherence, Diary
from simulators.vitals.chance import Chance
from simulators.vitals.conditions import CONDITIONS, Condition
from simulators.vitals.day import ALWAYS, Day, Taken
from simulators.vitals.pulse import Pulse
from simulators.vitals.setbacks import Setback, drawn

KINDS: Final = (pressure.KIND, glucose.KIND, oxygen.KIND, temperature.KIND, weight.KIND)


class Vital(Protocol):
    """A vital sign of one person. Its days are asked for in order."""

    def day(self, day: Day, chance: Chance, pulse: Pulse) -> Iterator[Taken]:
        """Return all that is scheduled on that day."""
        ...


@dataclass(frozen=True, slots=True)
class VirtualPatient:
    """Who, what is wrong with them, and the seed of everything that happens to them."""

    subject: str
    seed: int
    condition: str = "healthy"
    adherence: float | None = None
    """Share of scheduled measurements that are made; None draws it, with a fall by the month."""
    eventful: bool = True
    """Whether the condition's setbacks come once for sure, early, and not only at their rate."""
    planned: tuple[Setback, ...] = ()
    """Setbacks that come besides."""

    def samples(self, first: date, days: int, kinds: Collection[str] = KINDS) -> tuple[Sample, ...]:
        """Return all measurements of so many days, oldest first; fewer kinds take less time."""
        found = self._all(first, days, kinds)
        return tuple(sorted(found, key=lambda sample: (sample.at, sample.kind)))

    def setbacks(self, days: int) -> tuple[Setback, ...]:
        """Return what goes wrong within so many days, oldest first."""
        condition = CONDITIONS[self.condition]
        shown = condition.shown if self.eventful else ()
        found = drawn(self.seed, self.subject, condition.rates, shown, days)
        return tuple(sorted((*found, *self.planned), key=lambda one: (one.onset, one.kind)))

    def _all(self, first: date, days: int, kinds: Collection[str]) -> Iterator[Sample]:
        made = _vitals(CONDITIONS[self.condition], self._person)
        vitals = {kind: vital for kind, vital in made.items() if kind in kinds}
        pulse = Pulse(CONDITIONS[self.condition].pulse, self._person("pulse"))
        diary = Diary(self._adherence(), self._person("days"))
        setbacks = self.setbacks(days)
        for number in range(days):
            midnight = datetime.combine(first, time()) + timedelta(days=number)
            today = Day(number, midnight, setbacks)
            pulse.begin()
            kept = diary.begin(number)
            for kind, vital in vitals.items():
                taken = vital.day(today, self._today(kind, number), pulse)
                for one in self._made(kind, number, kept, taken):
                    yield Sample(self.subject, kind, one.at, one.values, one.note)

    def _made(self, kind: str, number: int, kept: float, taken: Iterator[Taken]) -> Iterator[Taken]:
        """Leave out what was not measured; what is left does not depend on it."""
        chance = self._today(f"{kind} made", number)
        made: dict[int, bool] = {ALWAYS: True}
        for one in taken:
            if one.occasion not in made:
                made[one.occasion] = chance.happens(kept)
            if made[one.occasion]:
                yield one

    def _adherence(self) -> Adherence:
        if self.adherence is not None:
            return Adherence(self.adherence)
        return Adherence.draw(self._person("adherence"))

    def _person(self, stream: str) -> Chance:
        return Chance(self.seed, self.subject, stream)

    def _today(self, stream: str, day: int) -> Chance:
        return Chance(self.seed, self.subject, stream, day)


class _Person(Protocol):
    def __call__(self, stream: str) -> Chance: ...


def _vitals(condition: Condition, person: _Person) -> dict[str, Vital]:
    return {
        pressure.KIND: pressure.Pressure(condition.pressure, person(pressure.KIND)),
        glucose.KIND: glucose.Glucose(condition.glucose, person(glucose.KIND)),
        oxygen.KIND: oxygen.Oxygen(condition.oxygen, person(oxygen.KIND)),
        temperature.KIND: temperature.Temperature(condition.temperature, person(temperature.KIND)),
        weight.KIND: weight.Weight(condition.weight, person(weight.KIND)),
    }
