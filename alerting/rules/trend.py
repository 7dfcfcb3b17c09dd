"""Kind `trend`: a slope over days that is steep and not by chance.

It fires where the Theil-Sen slope of the daily medians is beyond a bound and the two-sided p of
Mann-Kendall is below `alpha`. It is held by the slope alone, less the clear margin: a steep slope
that is for once no longer significant is no reason to say that all is well.

Bounds are per week, in the unit that is measured: `kg: "> 1"` is a rise of more than 1 kg a week.
With fewer than `at_least` days it says nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from alerting.bands import Banded, left_out, no_bound
from alerting.fold import Judged
from alerting.model import Direction, Fact, Observation, Problem, Severity
from alerting.rules import Kind, concerned
from alerting.series import Daily, daily, looking_back, statistic
from alerting.statistics.trend import Floats, MannKendall, mann_kendall, significance, theil_sen
from alerting.units import written
from alerting.words import SILENT, Said, template

WEEK: Final = 7

_WORDS: Final = {
    Direction.HIGH: template(
        "ends a rise of {slope} {unit} a week over {days} days (limit {limit})"
    ),
    Direction.LOW: template(
        "ends a fall of {slope} {unit} a week over {days} days (limit {limit})"
    ),
}


class Trend(Banded):
    """How many days it looks at, how many of them must have readings, and how sure it must be."""

    kind: Literal["trend"] = "trend"
    days: Annotated[int, Field(ge=4, le=90)] = 14
    at_least: Annotated[int, Field(ge=4)] = 8
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.at_least > self.days:
            raise ValueError("at_least is more than days")
        return self

    @property
    def looks_back(self) -> timedelta:
        """See `Rule`."""
        return looking_back(self.days)


def judge(rule: Trend, observations: Sequence[Observation], since: datetime) -> Iterator[Judged]:
    """See `Kind`. A reading with too few days before it is left out."""
    for found in daily(rule.units, observations, since, rule.days):
        yield from _judge(rule, found)


def _judge(rule: Trend, found: Daily) -> Iterator[Judged]:
    slopes = theil_sen(found.rows, np.arange(rule.days, dtype=np.float64))
    many = np.count_nonzero(~np.isnan(found.rows), axis=1)
    for n in map(int, np.flatnonzero(many >= rule.at_least)):
        weekly = statistic(slopes[n] * WEEK)
        steep = rule.fired(weekly, found.unit)
        test = _test(found.rows[n]) if steep else None  # rarely: it costs more than the slope
        held = rule.held(weekly, found.unit)
        if steep is None or test is None or test.p >= rule.alpha:
            yield Judged(found.judged[n], None, held, SILENT)
            continue
        reason = _reason(rule, steep, found.unit, float(weekly))
        facts = _facts(found.unit, float(weekly), test, int(many[n]))
        yield Judged(found.judged[n], steep, held, reason, facts, found.basis(n))


def _test(days: Floats) -> MannKendall:
    (s,), (variance,) = mann_kendall(days[None])
    return significance(s, variance)


def _reason(rule: Trend, band: Severity, unit: str, weekly: float) -> Said:
    return Said.of(
        _WORDS[rule.direction],
        slope=f"{abs(weekly):.2f}",
        unit=written(unit),
        days=str(rule.days),
        limit=str(abs(rule.bands[band][unit].limit)),
    )


def _facts(unit: str, weekly: float, test: MannKendall, days: int) -> tuple[Fact, ...]:
    return (
        Fact(name="Theil-Sen slope per week", value=f"{weekly:.2f}", unit=unit),
        Fact(name="Mann-Kendall p, two-sided", value=f"{test.p:.4f}"),
        Fact(name="Mann-Kendall S", value=str(test.s)),
        Fact(name="days with readings", value=str(days)),
    )


def problems(rule: Trend, observations: Iterable[Observation]) -> tuple[Problem, ...]:
    """Return the readings whose unit this rule has no bound for and cannot convert."""
    return no_bound(rule, rule.units, concerned(rule.components, observations))


def lint(rule: Trend) -> tuple[str, ...]:
    """Return what a rule's author should mend."""
    return (*left_out(rule.component, rule.units), *_unreachable(rule), *_flat(rule))


def _unreachable(rule: Trend) -> Iterator[str]:
    """Find an alpha that even a straight line of so few days does not reach."""
    least = _test(np.arange(rule.at_least, dtype=np.float64)).p
    if least >= rule.alpha:
        yield f"{rule.at_least} days never reach alpha {rule.alpha}: p is {least:.3f} or more"


def _flat(rule: Trend) -> Iterator[str]:
    sign = 1 if rule.direction is Direction.HIGH else -1
    for unit, bound in list(rule.bands.values())[-1].items():
        if sign * bound.limit <= 0:
            yield f"{bound.written()} {unit} a week is reached without any trend"
        elif rule.clear.margin[unit] >= sign * bound.limit:
            yield f"clear.margin in {unit} is the whole bound: only a turned trend ends an episode"


KIND: Final = Kind("trend", Trend, judge, lint, problems)
