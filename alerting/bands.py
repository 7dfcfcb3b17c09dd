"""Bands per severity with hysteresis: what rules that compare one number with limits share.

Every band has two limits. It *fires* at its bound. It is *held* until the number would not fire
even if it were worse by the clear margin. So a number between the two limits changes nothing.
"""

from abc import ABC
from collections.abc import Collection, Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from alerting.bounds import Bound
from alerting.model import Observation, OneComponent, Problem, Rule, Severity
from alerting.units import convert
from device_profiles.codes import TERMS
from device_profiles.reading import Frozen

Bands = dict[Severity, dict[str, Bound]]


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
        tables = list(self.bands.values())
        if not self.units or any(set(table) != set(self.units) for table in tables):
            raise ValueError("every band needs a bound in each of the rule's units")
        if set(self.clear.margin) != set(self.units):
            raise ValueError("clear.margin needs exactly the units of the bands")
        if any(bound.direction != self.direction for t in tables for bound in t.values()):
            raise ValueError(f"a bound points the other way than direction: {self.direction}")
        pairs = pairwise(tables)
        if any(not worse[unit].contains(mild[unit]) for worse, mild in pairs for unit in worse):
            raise ValueError("a worse band must lie further out than a milder one")
        return self

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
