"""Kind `threshold`: a value beyond a limit, per severity, with hysteresis (`alerting/bands.py`).

A meter's HI or LO is the worst band of its side, and beyond every limit on the other side.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

from alerting.bands import Movable, by_answer, in_one_of, left_out, no_bound, with_answers
from alerting.bounds import Bound
from alerting.extent import Extent
from alerting.fold import Judged
from alerting.model import Direction, Observation, Problem, Severity, worst
from alerting.rules import Kind, concerned
from alerting.units import written
from alerting.words import SILENT, Said
from device_profiles.reading import Absent

if TYPE_CHECKING:
    from alerting.columns import Columns, Judgements

_BEYOND: Final = {Direction.HIGH: Absent.ABOVE_RANGE, Direction.LOW: Absent.BELOW_RANGE}

_OFF_THE_SCALE: Final = {
    Direction.HIGH: Said.of("is above the meter's range"),
    Direction.LOW: Said.of("is below the meter's range"),
}


class Threshold(Movable):
    """Bounds per severity and unit. `beyond_range` is what HI or LO means, else the worst band."""

    kind: Literal["threshold"] = "threshold"
    beyond_range: Severity | None = None


def judge(
    rule: Threshold, observations: Sequence[Observation], since: datetime
) -> Iterator[Judged]:
    """See `Kind`. What this rule can say nothing about is left out."""
    both = with_answers(rule, observations)
    new = ((each, answer) for each, answer in both if each.measured_at >= since)
    seen = (judge_one(rule, each, rule.beyond_range, answer) for each, answer in new)
    return (each for each in seen if each)


def judge_one(
    rule: Movable,
    observation: Observation,
    beyond_range: Severity | None = None,
    answer: Observation | None = None,
) -> Judged | None:
    """Judge a single value, with an answer that moves limits; None where its unit has no bound."""
    usual = _judge_one(rule, observation, beyond_range)
    if usual is None or answer is None:
        return usual
    moved = _judge_one(rule.moved, observation, beyond_range)
    return by_answer(usual, moved, answer) if moved else usual


def _judge_one(
    rule: Movable, observation: Observation, beyond_range: Severity | None
) -> Judged | None:
    if observation.absent in _BEYOND.values():
        beyond = observation.absent is _BEYOND[rule.direction]
        band = worst((beyond_range, next(iter(rule.bands)))) if beyond else None
        return Judged(observation, band, band, _OFF_THE_SCALE[rule.direction])
    found = in_one_of(rule.units, observation)
    if found is None:
        return None
    number, unit = found
    held = rule.held(number, unit)
    fired = rule.fired(number, unit) if held else None
    reason = _reason(rule.bands[fired][unit], observation, unit) if fired else SILENT
    return Judged(observation, fired, held, reason)


def _reason(bound: Bound, observation: Observation, unit: str) -> Said:
    if unit == observation.unit:
        return Said.of("is {bound}", bound=bound.said())
    return Said.of("is {bound} {unit}", bound=bound.said(), unit=written(unit))


def may_fire(rule: Threshold, extent: Extent) -> bool:
    """See `Kind`."""
    return extent.reaches(rule)


def problems(rule: Threshold, observations: Iterable[Observation]) -> tuple[Problem, ...]:
    """Return the readings whose unit this rule has no bound for and cannot convert."""
    return no_bound(rule, rule.units, concerned(rule.components, observations))


def lint(rule: Threshold) -> tuple[str, ...]:
    """Return what a rule's author should mend: units that devices send and the rule leaves out."""
    return left_out(rule.component, rule.units)


def vector(rule: Threshold, columns: "Columns") -> "Judgements":
    """See `Kind`."""
    return judge_each(rule, columns, rule.beyond_range)


def judge_each(
    rule: Movable, columns: "Columns", beyond_range: Severity | None = None
) -> "Judgements":
    """Judge all values by themselves, by the comparisons of `judge_one`."""
    from alerting.judge_columns import judge_bands

    def reached(severity: Severity, number: Decimal, unit: str, back: bool) -> bool:
        bound, margin = rule.bands[severity][unit], rule.clear.margin[unit]
        return bound.held(number, margin) if back else bound.reached(number)

    beyond = worst((beyond_range, next(iter(rule.bands))))
    return judge_bands(columns, rule.direction, rule.units, tuple(rule.bands), reached, beyond)


KIND: Final = Kind("threshold", Threshold, judge, lint, problems, may_fire, vector)
