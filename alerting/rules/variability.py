"""Kind `variability`: how glucose spreads over a window of days, by a measure's name.

- `cv`: 100 * SD / mean, the sample SD; 36 % and less is stable (Diabetes Care, table 6.2);
- `in_range`, `above`, `below`: the share of readings within `range`, over it, under it. Of a
  continuous sensor this is the share of time; of a meter it is of readings, and people measure
  when they feel something. HI is above every range and LO below;
- `lbgi`, `hbgi`: Kovatchev's risk of low and high glucose, unit "1";
- `gmi`: the glucose management indicator, of continuous sensors only.

The window is `days` times 24 hours and ends with the judged reading. Fewer than `at_least` readings
give no judgement. Only `valid` ones count.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from alerting.bands import Banded, left_out, no_bound, sent
from alerting.fold import Judged
from alerting.measures import BEYOND, MEASURES, Measure, Range
from alerting.model import Direction, Fact, Observation, Problem
from alerting.rules import Kind, concerned
from alerting.series import BASIS, once
from alerting.units import convert
from alerting.words import SILENT, Said
from device_profiles.codes import MG_DL
from device_profiles.reading import Validity

OF_LOWS: Final = frozenset({"below", "lbgi"})
# Lows and highs alike bring them where they are wrong.
OF_NO_SIDE: Final = frozenset({"cv", "in_range"})


class Variability(Banded):
    """A measure by its name, over so many days; `range` per unit where the measure has one."""

    kind: Literal["variability"] = "variability"
    measure: str
    days: Annotated[int, Field(ge=1, le=90)] = 14
    at_least: Annotated[int, Field(ge=2)] = 28
    range: Annotated[dict[str, Range], Field(default_factory=dict)]

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.measure not in MEASURES:
            raise ValueError(f"measure is one of: {', '.join(MEASURES)}")
        if self.units != (self.how.unit,):
            raise ValueError(f'bounds of {self.measure} have the unit "{self.how.unit}"')
        if self.how.ranged != bool(self.range):
            raise ValueError(f"{self.measure} {'needs a' if self.how.ranged else 'has no'} range")
        return self

    @property
    def how(self) -> Measure:
        """Return the measure."""
        return MEASURES[self.measure]

    @property
    def side(self) -> Direction:
        """See `Rule`."""
        return Direction.LOW if self.measure in OF_LOWS else self.direction

    @property
    def looks_back(self) -> timedelta:
        """See `Rule`."""
        return timedelta(days=self.days)

    def measured_in(self, observation: Observation) -> str | None:
        """Return the unit in which a reading is taken: its own where the measure allows it."""
        own = observation.unit
        units = (MG_DL,) if self.how.in_mg_dl else tuple(self.range) or (own,)
        if own in units:
            return own
        return next((u for u in units if convert(Decimal(1), own, u) is not None), None)


@dataclass(frozen=True, slots=True)
class _Sums:
    """The readings that count in one unit, and sums up to each of them."""

    seen: Sequence[Observation]
    times: Sequence[datetime]
    total: Sequence[int]
    squares: Sequence[int]

    def said(self, rule: Variability, start: int, stop: int) -> Decimal:
        total = self.total[stop] - self.total[start]
        return rule.how.said(stop - start, total, self.squares[stop] - self.squares[start])


def judge(
    rule: Variability, observations: Sequence[Observation], since: datetime
) -> Iterator[Judged]:
    """See `Kind`. A reading that the measure leaves out, or with too few before it, is left out."""
    valid = [o for o in once(observations) if o.validity is Validity.VALID]
    units = {rule.measured_in(o) for o in valid if o.measured_at >= since}
    for unit in sorted(unit for unit in units if unit):
        sums = _sums(rule, unit, valid)
        for n in range(bisect_left(sums.times, since), len(sums.seen)):
            if rule.measured_in(sums.seen[n]) == unit:
                yield from _judge(rule, sums, n)


def _sums(rule: Variability, unit: str, valid: Sequence[Observation]) -> _Sums:
    within = rule.range.get(unit)
    numbers = ((o, _number(o, unit)) for o in valid)
    counts = ((o, rule.how.counts(number, within)) for o, number in numbers if number is not None)
    kept = [(o, count) for o, count in counts if count is not None]
    return _Sums(
        seen=[o for o, _ in kept],
        times=[o.measured_at for o, _ in kept],
        total=list(accumulate((count for _, count in kept), initial=0)),
        squares=list(accumulate((count * count for _, count in kept), initial=0)),
    )


def _number(observation: Observation, unit: str) -> Decimal | None:
    if observation.number is None:
        return BEYOND.get(observation.absent) if observation.absent else None
    return convert(observation.number, observation.unit, unit)


def _judge(rule: Variability, sums: _Sums, n: int) -> Iterator[Judged]:
    judged = sums.seen[n]
    start = bisect_right(sums.times, judged.measured_at - rule.looks_back)
    many = n + 1 - start
    if many < rule.at_least:
        return
    value, unit = sums.said(rule, start, n + 1), rule.how.unit
    fired, held = rule.fired(value, unit), rule.held(value, unit)
    if fired is None:
        yield Judged(judged, None, held, SILENT)
        return
    bound, shown = rule.bands[fired][unit].said(), f"{value:.1f}"
    reason = Said.of(rule.how.words, n=str(many), value=shown, bound=bound)
    facts = (
        Fact(name=rule.measure, value=shown, unit=unit),
        Fact(name="readings", value=str(many)),
        Fact(name="days", value=str(rule.days)),
    )
    basis = tuple(o.reading_id for o in sums.seen[max(start, n + 1 - BASIS) : n + 1])
    yield Judged(judged, fired, held, reason, facts, basis)


def problems(rule: Variability, observations: Iterable[Observation]) -> tuple[Problem, ...]:
    """Return the readings whose unit this measure does not know and cannot convert."""
    seen = concerned(rule.components, observations)
    return no_bound(rule, (), [o for o in seen if rule.measured_in(o) is None])


def lint(rule: Variability) -> tuple[str, ...]:
    """Return what a rule's author should mend."""
    units = tuple(rule.range) if rule.how.ranged else sent(rule.component)
    return (*left_out(rule.component, units), *_odd(rule))


def _odd(rule: Variability) -> Iterator[str]:
    if rule.direction is not rule.how.direction:
        yield f"{rule.measure} on the {rule.direction} side is nothing that is wrong"
    if rule.how.in_mg_dl and rule.component != "glucose":
        yield f"{rule.measure} is of glucose, and this is {rule.component}"
    for bound in (table[rule.how.unit] for table in rule.bands.values()):
        if rule.how.ranged and not 0 < bound.limit < 100:
            yield f"{bound.written()} is no share that tells readings apart"


KIND: Final = Kind("variability", Variability, judge, lint, problems)
