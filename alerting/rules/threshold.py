"""Kind `threshold`: a value beyond a limit, per severity, with hysteresis.

Every band has two limits. It *fires* at its bound. It is *held* until a reading would not fire
even if it were worse by the clear margin. So a reading between the two limits changes nothing.

A meter's HI or LO is the worst band of its side, and beyond every limit on the other side.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from alerting.bounds import Bound
from alerting.fold import Judged
from alerting.model import Direction, Observation, OneComponent, Problem, Severity, worst
from alerting.rules import Kind, concerned
from alerting.units import convert, written
from alerting.words import SILENT, Said
from device_profiles.codes import TERMS
from device_profiles.reading import Absent, Frozen

_BEYOND: Final = {Direction.HIGH: Absent.ABOVE_RANGE, Direction.LOW: Absent.BELOW_RANGE}

_OFF_THE_SCALE: Final = {
    Direction.HIGH: Said.of("is above the meter's range"),
    Direction.LOW: Said.of("is below the meter's range"),
}


class Clear(Frozen):
    """How far back, per unit, and how many readings running, before an episode is over."""

    margin: dict[str, Annotated[Decimal, Field(ge=0)]]
    readings: Annotated[int, Field(ge=1, le=10)] = 2


class Threshold(OneComponent):
    """Bounds per severity and unit. `beyond_range` is what HI or LO means, else the worst band."""

    kind: Literal["threshold"] = "threshold"
    bands: Annotated[dict[Severity, dict[str, Bound]], Field(min_length=1)]
    clear: Clear
    beyond_range: Severity | None = None

    @field_validator("bands")
    @classmethod
    def _worst_first(
        cls, bands: dict[Severity, dict[str, Bound]]
    ) -> dict[Severity, dict[str, Bound]]:
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


def in_rule_unit(rule: Threshold, observation: Observation) -> tuple[Decimal, str] | None:
    """Return the number in its own unit if that has bounds, else in one that it converts to."""
    if observation.number is None:
        return None
    for unit in sorted(rule.units, key=lambda unit: unit != observation.unit):
        number = convert(observation.number, observation.unit, unit)
        if number is not None:
            return number, unit
    return None


def judge(
    rule: Threshold, observations: Sequence[Observation], since: datetime
) -> Iterator[Judged]:
    """See `Kind`. What this rule can say nothing about is left out."""
    seen = (_judge(rule, each) for each in observations if each.measured_at >= since)
    return (each for each in seen if each)


def _judge(rule: Threshold, observation: Observation) -> Judged | None:
    if observation.absent in _BEYOND.values():
        beyond = observation.absent is _BEYOND[rule.direction]
        band = worst((rule.beyond_range, next(iter(rule.bands)))) if beyond else None
        return Judged(observation, band, band, _OFF_THE_SCALE[rule.direction])
    found = in_rule_unit(rule, observation)
    if found is None:
        return None
    number, unit = found
    margin = rule.clear.margin[unit]
    reached = (band for band, table in rule.bands.items() if table[unit].reached(number))
    held = (band for band, table in rule.bands.items() if table[unit].held(number, margin))
    fired = next(reached, None)
    reason = _reason(rule.bands[fired][unit], observation, unit) if fired else SILENT
    return Judged(observation, fired, next(held, None), reason)


def _reason(bound: Bound, observation: Observation, unit: str) -> Said:
    if unit == observation.unit:
        return Said.of("is {bound}", bound=bound.said())
    return Said.of("is {bound} {unit}", bound=bound.said(), unit=written(unit))


def problems(rule: Threshold, observations: Iterable[Observation]) -> tuple[Problem, ...]:
    """Return the readings whose unit this rule has no bound for and cannot convert."""
    return tuple(
        Problem(
            rule_key=rule.key,
            rule_version=rule.version,
            reading_id=each.reading_id,
            reason=f"no bound for the unit {each.unit}",
        )
        for each in concerned(rule.components, observations)
        if each.number is not None and in_rule_unit(rule, each) is None
    )


def lint(rule: Threshold) -> tuple[str, ...]:
    """Return what a rule's author should mend: units that devices send and the rule leaves out."""
    sent: Mapping[str, None] = {
        unit: None for term in TERMS.values() if term.name == rule.component for unit in term.loinc
    }
    if not sent:
        return (f"no device measures {rule.component!r}",)
    return tuple(f"no bound in {unit}" for unit in sent if unit not in rule.units)


KIND: Final = Kind("threshold", Threshold, judge, lint, problems)
