"""Kind `threshold`: a value beyond a limit, per severity, with hysteresis.

Every band has two limits. It *fires* at its bound. It is *held* until a reading would not fire
even if it were worse by the clear margin. A reading that fires raises the severity at once. The
severity follows downwards only when the last n readings all hold a milder band, and the episode
closes when none of them holds any band. So a reading between the two limits changes nothing.

A questionable reading may open and raise, since it may be true; it never lowers or closes. A
meter's HI or LO is the worst band of its side, and beyond every limit on the other side.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import Field, field_validator, model_validator

from alerting.bounds import Bound
from alerting.model import (
    TAKES_PART,
    Carried,
    Direction,
    Episode,
    Evidence,
    Observation,
    Problem,
    Rule,
    Severity,
    State,
    milder,
    worst,
)
from alerting.rules import Kind
from alerting.units import convert, written
from device_profiles.codes import TERMS
from device_profiles.reading import Absent, Frozen, Validity

_BEYOND: Final = {Direction.HIGH: Absent.ABOVE_RANGE, Direction.LOW: Absent.BELOW_RANGE}


class Clear(Frozen):
    """How far back, per unit, and how many readings running, before an episode is over."""

    margin: dict[str, Annotated[Decimal, Field(ge=0)]]
    readings: Annotated[int, Field(ge=1, le=10)] = 2


class Threshold(Rule):
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
    def units(self) -> tuple[str, ...]:
        """Return the units that have bounds."""
        return tuple(next(iter(self.bands.values())))


@dataclass(frozen=True, slots=True)
class _Judged:
    """An observation with the band that it fires and the band that it still holds."""

    observation: Observation
    unit: str
    fired: Severity | None
    held: Severity | None

    @property
    def order(self) -> tuple[datetime, UUID, str, str, int]:
        """Sort by time; of one reading's several values the worst comes first."""
        o = self.observation
        return (o.measured_at, o.reading_id, self.fired or "P9", self.held or "P9", o.ordinal)


@dataclass(frozen=True, slots=True)
class _Running:
    """The fold's state while an episode is open; `last` are its last n readings that count."""

    episode: Episode
    last: tuple[_Judged, ...]


def _in_rule_unit(rule: Threshold, observation: Observation) -> tuple[Decimal, str] | None:
    """Return the number in its own unit if that has bounds, else in one that it converts to."""
    if observation.number is None:
        return None
    for unit in sorted(rule.units, key=lambda unit: unit != observation.unit):
        number = convert(observation.number, observation.unit, unit)
        if number is not None:
            return number, unit
    return None


def _concerns(rule: Threshold, observation: Observation) -> bool:
    return observation.component == rule.component and observation.validity in TAKES_PART


def _judge(rule: Threshold, observation: Observation) -> _Judged | None:
    """Return None for what this rule can say nothing about."""
    if observation.absent in _BEYOND.values():
        beyond = observation.absent is _BEYOND[rule.direction]
        band = worst((rule.beyond_range, next(iter(rule.bands)))) if beyond else None
        return _Judged(observation, observation.unit, band, band)
    found = _in_rule_unit(rule, observation)
    if found is None:
        return None
    number, unit = found
    margin = rule.clear.margin[unit]
    fired = (band for band, table in rule.bands.items() if table[unit].reached(number))
    held = (band for band, table in rule.bands.items() if table[unit].held(number, margin))
    return _Judged(observation, unit, next(fired, None), next(held, None))


def _in_order(rule: Threshold, observations: Iterable[Observation]) -> list[_Judged]:
    """Return what concerns the rule in order of measurement, one value for each reading."""
    judged = (_judge(rule, each) for each in observations if _concerns(rule, each))
    ordered = sorted((each for each in judged if each), key=lambda each: each.order)
    first = {each.observation.reading_id: each for each in reversed(ordered)}
    return [each for each in ordered if first[each.observation.reading_id] is each]


def _evidence(rule: Threshold, judged: _Judged, severity: Severity) -> Evidence:
    return Evidence(
        observation=judged.observation,
        severity=severity,
        reason=_reason(rule, judged, severity),
        late=rule.freshness.late(judged.observation, severity),
    )


def _reason(rule: Threshold, judged: _Judged, severity: Severity) -> str:
    if judged.observation.number is None:
        return f"is {'above' if rule.direction is Direction.HIGH else 'below'} the meter's range"
    bound = rule.bands[severity][judged.unit]
    converted = judged.unit != judged.observation.unit
    return f"is {bound}{' ' + written(judged.unit) if converted else ''}"


def _start(rule: Threshold, judged: _Judged) -> _Running | None:
    if judged.fired is None:
        return None
    evidence = _evidence(rule, judged, judged.fired)
    episode = Episode(rule=rule, severity=judged.fired, peak=judged.fired, evidence=(evidence,))
    return _Running(episode, (judged,))


def _carry(rule: Threshold, carried: Carried | None) -> _Running | None:
    """Go on with an episode as it was; not where the rule in force no longer holds for it.

    It takes n good readings from here to lower or close it, as if one had just held it.
    """
    judged = _in_order(rule, carried.observations) if carried else []
    evidence = tuple(_evidence(rule, each, each.fired) for each in judged if each.fired)
    peak = worst(each.severity for each in evidence)
    if carried is None or peak is None:
        return None
    severity = milder(carried.severity, peak) or peak
    episode = Episode(
        rule=rule, severity=severity, peak=peak, evidence=evidence, earlier=carried.earlier
    )
    return _Running(episode, (replace(judged[-1], held=severity),))


def _next(rule: Threshold, running: _Running, judged: _Judged) -> _Running:
    """Take one more reading into an open episode."""
    questionable = judged.observation.validity is Validity.QUESTIONABLE
    if questionable and judged.fired is None:
        return running
    last = (*running.last, judged)[-rule.clear.readings :]
    old = running.episode
    held = old.severity if questionable else milder(old.severity, worst(j.held for j in last))
    severity = worst((judged.fired, held))
    if severity is None:
        return _Running(_closed(old, last), last)
    fired = (_evidence(rule, judged, judged.fired),) if judged.fired else ()
    episode = old.model_copy(
        update={
            "severity": severity,
            "peak": worst((old.peak, severity)),
            "evidence": old.evidence + fired,
        }
    )
    return replace(running, episode=episode, last=last)


def _closed(episode: Episode, last: tuple[_Judged, ...]) -> Episode:
    good = tuple(judged.observation for judged in last)
    return episode.model_copy(
        update={"state": State.CLOSED, "closed_at": good[-1].measured_at, "cleared_by": good}
    )


def episodes(
    rule: Threshold,
    observations: Iterable[Observation],
    _now: datetime,
    carried: Carried | None = None,
) -> tuple[Episode, ...]:
    """Return the episodes in which the rule held, oldest first; only the last may be open."""
    done: list[Episode] = []
    running = _carry(rule, carried)
    for judged in _in_order(rule, observations):
        running = _next(rule, running, judged) if running else _start(rule, judged)
        if running and running.episode.state is State.CLOSED:
            done.append(running.episode)
            running = None
    return (*done, running.episode) if running else tuple(done)


def problems(rule: Threshold, observations: Iterable[Observation]) -> tuple[Problem, ...]:
    """Return the readings whose unit this rule has no bound for and cannot convert."""
    return tuple(
        Problem(
            rule_key=rule.key,
            rule_version=rule.version,
            reading_id=each.reading_id,
            reason=f"no bound for the unit {each.unit}",
        )
        for each in observations
        if _concerns(rule, each) and each.number is not None and _in_rule_unit(rule, each) is None
    )


def lint(rule: Threshold) -> tuple[str, ...]:
    """Return what a rule's author should mend: units that devices send and the rule leaves out."""
    sent: Mapping[str, None] = {
        unit: None for term in TERMS.values() if term.name == rule.component for unit in term.loinc
    }
    if not sent:
        return (f"no device measures {rule.component!r}",)
    return tuple(f"no bound in {unit}" for unit in sent if unit not in rule.units)


KIND: Final = Kind("threshold", Threshold, episodes, problems, lint)
