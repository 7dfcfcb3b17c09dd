"""Kind `protocol_average`: the mean of home blood pressure as its protocol wants it.

Seven of the patient's days, at most two readings before noon and two after it, at least a minute
apart; the first day that was measured is dropped, since people are tense then; the mean of the
others, ten at least (Verberk et al. and Stergiou et al., guideline of the ESH; BMC Medicine 8:55).
Fewer are insufficient: no mean, no judgement. Only `valid` readings count.

The window rolls: the seven days end with the day of the judged reading. A reading beyond the two
does not count, whatever it says, and is not judged.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Annotated, Final, Literal

from pydantic import Field

from alerting.bands import Banded, left_out, no_bound
from alerting.fold import Judged
from alerting.model import Fact, Observation, Problem
from alerting.rules import Kind, concerned
from alerting.series import BASIS, by_unit, is_judged, looking_back
from alerting.units import written
from alerting.words import SILENT, Said

_NOON: Final = 12


class ProtocolAverage(Banded):
    """The protocol: bounds are on the mean."""

    kind: Literal["protocol_average"] = "protocol_average"
    days: Annotated[int, Field(ge=2, le=60)] = 7
    dropped: Annotated[int, Field(ge=0, le=7)] = 1
    per_half_day: Annotated[int, Field(ge=1, le=20)] = 2
    apart: timedelta = timedelta(minutes=1)
    at_least: Annotated[int, Field(ge=1)] = 10

    @property
    def most(self) -> int:
        """Return how many readings can count."""
        return max(0, self.days - self.dropped) * 2 * self.per_half_day

    @property
    def looks_back(self) -> timedelta:
        """See `Rule`."""
        return looking_back(self.days)


@dataclass(frozen=True, slots=True)
class _Counted:
    """A reading that counts, the day on which it does, and the sum up to it."""

    observation: Observation
    number: Decimal

    @property
    def half_day(self) -> tuple[int, bool]:
        clock = self.observation.clock
        return clock.toordinal(), clock.hour >= _NOON


@dataclass(frozen=True, slots=True)
class _Series:
    """The readings that count, in the order of their days."""

    unit: str
    counted: Sequence[_Counted]
    days: Sequence[int]
    sums: Sequence[Decimal]

    def window(self, rule: ProtocolAverage, n: int) -> range:
        """Return which readings the mean at the n-th is of: without the first days measured."""
        start = bisect_left(self.days, self.days[n] - rule.days + 1)
        for _ in range(rule.dropped):
            if start <= n:
                start = bisect_left(self.days, self.days[start] + 1)
        return range(start, n + 1)

    def mean(self, window: range) -> Decimal:
        return (self.sums[window.stop] - self.sums[window.start]) / len(window)


def judge(
    rule: ProtocolAverage, observations: Sequence[Observation], since: datetime
) -> Iterator[Judged]:
    """See `Kind`. A reading that does not count, or with too few before it, is left out."""
    for unit, series in by_unit(rule.units, observations, since).items():
        found = _series(rule, unit, [_Counted(*each) for each in series])
        for n, each in enumerate(found.counted):
            window = found.window(rule, n)
            if len(window) >= rule.at_least and is_judged(
                rule.units, unit, each.observation, since
            ):
                yield _judge(rule, found, window)


def _series(rule: ProtocolAverage, unit: str, series: Sequence[_Counted]) -> _Series:
    counted = sorted(_counting(rule, series), key=lambda each: each.half_day)
    numbers = (each.number for each in counted)
    days = [each.half_day[0] for each in counted]
    return _Series(unit, counted, days, list(accumulate(numbers, initial=Decimal(0))))


def _counting(rule: ProtocolAverage, series: Iterable[_Counted]) -> Iterator[_Counted]:
    """Return the first readings of each half day that are far enough apart."""
    many: dict[tuple[int, bool], int] = {}
    last: dict[tuple[int, bool], datetime] = {}
    for each in series:
        half, at = each.half_day, each.observation.measured_at
        near = half in last and at - last[half] < rule.apart
        if near or many.get(half, 0) >= rule.per_half_day:
            continue
        many[half], last[half] = many.get(half, 0) + 1, at
        yield each


def _judge(rule: ProtocolAverage, found: _Series, window: range) -> Judged:
    judged, mean = found.counted[window[-1]].observation, found.mean(window)
    fired, held = rule.fired(mean, found.unit), rule.held(mean, found.unit)
    if fired is None:
        return Judged(judged, None, held, SILENT)
    days = len({found.days[n] for n in window})
    reason = Said.of(
        "brings the mean of {readings} readings on {days} days to {mean} {unit}, {bound}",
        readings=str(len(window)),
        days=str(days),
        mean=f"{mean:.1f}",
        unit=written(found.unit),
        bound=rule.bands[fired][found.unit].said(),
    )
    facts = (
        Fact(name="mean", value=f"{mean:.1f}", unit=found.unit),
        Fact(name="readings", value=str(len(window))),
        Fact(name="days", value=str(days)),
    )
    basis = tuple(found.counted[n].observation.reading_id for n in window[-BASIS:])
    return Judged(judged, fired, held, reason, facts, basis)


def problems(rule: ProtocolAverage, observations: Iterable[Observation]) -> tuple[Problem, ...]:
    """Return the readings whose unit this rule has no bound for and cannot convert."""
    return no_bound(rule, rule.units, concerned(rule.components, observations))


def lint(rule: ProtocolAverage) -> tuple[str, ...]:
    """Return what a rule's author should mend."""
    return (*left_out(rule.component, rule.units), *_insufficient(rule))


def _insufficient(rule: ProtocolAverage) -> Iterator[str]:
    if rule.at_least > rule.most:
        yield f"it asks for {rule.at_least} readings, and {rule.most} are all that count"


KIND: Final = Kind("protocol_average", ProtocolAverage, judge, lint, problems)
