"""Bands per severity with hysteresis: what rules that compare one number with limits share.

Every band has two limits. It *fires* at its bound. It is *held* until the number would not fire
even if it were worse by the clear margin. So a number between the two limits changes nothing.

Rules that are `Movable` may have other bounds for readings near which the patient told of symptoms
(as in BEAT-HF, Trials 15:124). These only ever add: what fires without symptoms fires with them.
"""

from abc import ABC
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Final, Self

from pydantic import Field, field_validator, model_validator

from alerting.bounds import Bound
from alerting.fold import Judged
from alerting.model import Fact, Observation, OneComponent, Problem, Rule, Severity
from alerting.units import convert
from alerting.words import Said
from device_profiles.codes import TERMS
from device_profiles.reading import Frozen

Bands = dict[Severity, dict[str, Bound]]

# Answers of patients, as observations: how many symptoms they told of, 0 for none.
SYMPTOMS: Final = "symptoms"


class Clear(Frozen):
    """How far back, per unit, and how many readings running, before an episode is over."""

    margin: dict[str, Annotated[Decimal, Field(ge=0)]]
    readings: Annotated[int, Field(ge=1, le=10)] = 2


class Banded(OneComponent, ABC):
    """A rule with bounds per severity and unit, the worst first."""

    bands: Annotated[Bands, Field(min_length=1)]
    clear: Clear

    @field_validator("bands")
    @classmethod
    def _worst_first(cls, bands: Bands) -> Bands:
        return dict(sorted(bands.items()))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if set(self.clear.margin) != set(self.units):
            raise ValueError("clear.margin needs exactly the units of the bands")
        self._check(self.bands)
        return self

    def _check(self, bands: Bands) -> None:
        tables = list(bands.values())
        if not self.units or any(set(table) != set(self.units) for table in tables):
            raise ValueError("every band needs a bound in each of the rule's units")
        if any(bound.direction != self.direction for t in tables for bound in t.values()):
            raise ValueError(f"a bound points the other way than direction: {self.direction}")
        pairs = pairwise(tables)
        if any(not worse[unit].contains(mild[unit]) for worse, mild in pairs for unit in worse):
            raise ValueError("a worse band must lie further out than a milder one")

    @property
    def clear_after(self) -> int:
        """See `Rule`."""
        return self.clear.readings

    @property
    def units(self) -> tuple[str, ...]:
        """Return the units that have bounds."""
        return tuple(next(iter(self.bands.values())))

    def fired(self, number: Decimal, unit: str) -> Severity | None:
        """Return the worst band whose bound is reached."""
        reached = (band for band, table in self.bands.items() if table[unit].reached(number))
        return next(reached, None)

    def held(self, number: Decimal, unit: str) -> Severity | None:
        """Return the worst band that is not yet left by the clear margin."""
        margin = self.clear.margin[unit]
        if not next(reversed(self.bands.values()))[unit].held(number, margin):
            return None  # nearly always; and who does not hold the mildest band holds none
        held = (band for band, table in self.bands.items() if table[unit].held(number, margin))
        return next(held, None)


class WithSymptoms(Frozen):
    """Bounds for readings near which a patient told of symptoms.

    An answer counts from `after` before the reading it explains to `within` after: people are asked
    when they have measured, and what they told of goes on for a while (J).
    """

    bands: Annotated[Bands, Field(min_length=1)]
    within: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=3))] = timedelta(days=1)
    after: Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(days=1))] = timedelta(hours=1)

    def near(self, answer: Observation, reading: Observation) -> bool:
        """Tell whether an answer tells of symptoms and belongs to a reading."""
        since = reading.measured_at - answer.measured_at
        return bool(answer.number) and -self.after <= since <= self.within


class Movable(Banded, ABC):
    """A rule whose limits symptoms may bring nearer."""

    with_symptoms: WithSymptoms | None = None

    @model_validator(mode="after")
    def _nearer(self) -> Self:
        if self.with_symptoms is not None:
            self._check(dict(sorted(self.with_symptoms.bands.items())))
            self._check(self.moved.bands)
        return self

    @property
    def moved(self) -> Self:
        """Return the rule with symptoms: of each severity the bound that is reached first."""
        bands = dict(self.bands)
        for severity, table in (self.with_symptoms.bands if self.with_symptoms else {}).items():
            usual = bands.get(severity, table)
            bands[severity] = {unit: _first(table[unit], usual[unit]) for unit in table}
        kept: Bands = {}
        for severity, table in sorted(bands.items()):
            worse = list(kept.values())
            if not any(all(b.contains(each[u]) for u, b in table.items()) for each in worse):
                kept[severity] = table
        return self.model_copy(update={"bands": kept, "with_symptoms": None})

    @property
    def severities(self) -> tuple[Severity, ...]:
        """Return every severity that it knows, the worst first."""
        return tuple(
            sorted({*self.bands, *(self.with_symptoms.bands if self.with_symptoms else ())})
        )

    @property
    def reads(self) -> tuple[str, ...]:
        """See `Rule`."""
        return (*self.components, SYMPTOMS) if self.with_symptoms else self.components

    @property
    def looks_back(self) -> timedelta:
        """See `Rule`."""
        return self.with_symptoms.within if self.with_symptoms else timedelta(0)


def _first(one: Bound, other: Bound) -> Bound:
    """Return the bound that more numbers reach."""
    return other if one.contains(other) else one


def with_answers(
    rule: Movable, observations: Iterable[Observation]
) -> Iterator[tuple[Observation, Observation | None]]:
    """Return the readings in order, each with the answer that moves its limits, the newest."""
    moves = rule.with_symptoms
    if moves is None:
        yield from ((each, None) for each in observations if each.component != SYMPTOMS)
        return
    seen = list(observations)
    answers = [each for each in seen if each.component == SYMPTOMS]
    for each in seen:
        if each.component != SYMPTOMS:
            yield each, next((a for a in reversed(answers) if moves.near(a, each)), None)


def by_answer(usual: Judged, moved: Judged, answer: Observation) -> Judged:
    """Return what is judged with symptoms, and say so where it is they that make it fire."""
    if moved.fired is None or not moved.fired.worse_than(usual.fired):
        return replace(usual, held=moved.held)
    said = Said.of(
        "{reached}, a limit for days with symptoms, told at {time}",
        reached=moved.reason,
        time=f"{answer.clock:%H:%M}",
    )
    told = Fact(name="symptoms told", value=str(answer.number))
    return replace(moved, reason=said, facts=(*moved.facts, told))


def in_one_of(units: Collection[str], observation: Observation) -> tuple[Decimal, str] | None:
    """Return the number in its own unit if that is one of these, else in one it converts to."""
    number, own = observation.number, observation.unit
    if number is None:
        return None
    if own in units:
        return number, own
    converted = ((convert(number, own, unit), unit) for unit in units)
    return next(((number, unit) for number, unit in converted if number is not None), None)


def no_bound(
    rule: Rule, units: Collection[str], observations: Iterable[Observation]
) -> tuple[Problem, ...]:
    """Return the readings whose unit a rule has no bound for and cannot convert."""
    return tuple(
        Problem(
            rule_key=rule.key,
            rule_version=rule.version,
            reading_id=each.reading_id,
            reason=f"no bound for the unit {each.unit}",
        )
        for each in observations
        if each.number is not None and in_one_of(units, each) is None
    )


def sent(component: str) -> tuple[str, ...]:
    """Return the units in which devices send this component."""
    terms = (term for term in TERMS.values() if term.name == component)
    return tuple({unit: None for term in terms for unit in term.loinc})


def left_out(component: str, units: Collection[str]) -> tuple[str, ...]:
    """Return what a rule's author should mend: units that devices send and the rule leaves out."""
    known = sent(component)
    if not known:
        return (f"no device measures {component!r}",)
    return tuple(f"no bound in {unit}" for unit in known if unit not in units)
