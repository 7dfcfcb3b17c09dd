"""Kind `control_chart`: the last days against what is usual for this very person.

The baseline is the median of a person's own earlier days, sigma 1.4826 * MAD with a floor. Over
the days after it runs one of three charts (`alerting/statistics/charts.py`):

- `ewma`: bounds in sigmas of the weighted mean, unit "1"; the textbook's is `> 3`;
- `cusum`: bounds on C+ in sigmas, or on -C- for direction low, unit "1"; `> 5`;
- `macd`: bounds on the short exponential mean less the long one, in the unit measured. Its own
  baseline is the long mean; the days before it only have to be there.

Two baselines: `lag: 3` is "the last 28 days, lagged by 3": what is judged is never in its own
baseline. `first: 14` is the first 14 days with readings of the last `days`, and the chart runs over
all that follow. "The first ever" would need the whole chart for each reading.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from alerting.bands import Banded, left_out, no_bound
from alerting.fold import Judged
from alerting.model import Direction, Fact, Observation, Problem
from alerting.rules import Kind, concerned
from alerting.series import Daily, daily, looking_back, statistic
from alerting.statistics.charts import baseline, cusum, ewma, macd
from alerting.statistics.trend import Floats
from alerting.units import written
from alerting.words import SILENT, Said, template
from device_profiles.reading import Frozen

SIGMAS: Final = "1"

_AGAINST: Final = {
    Direction.HIGH: template(
        "ends days that are unusually high for this patient, whose usual value is "
        "{usual} {unit} ({method} {chart}, limit {limit})"
    ),
    Direction.LOW: template(
        "ends days that are unusually low for this patient, whose usual value is "
        "{usual} {unit} ({method} {chart}, limit {limit})"
    ),
}


class Baseline(Frozen):
    """Which days are the usual ones: `days` that end `lag` days ago, or the `first` of `days`.

    `floor` is the least sigma, per unit: what a device and a day differ by anyway.
    """

    days: Annotated[int, Field(ge=5, le=120)] = 28
    lag: Annotated[int, Field(ge=1, le=28)] | None = None
    first: Annotated[int, Field(ge=5)] | None = None
    at_least: Annotated[int, Field(ge=5)] = 14
    floor: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.lag is None) == (self.first is None):
            raise ValueError("a baseline has either lag or first")
        if max(self.first or 0, self.at_least) > self.days or self.at_least > (self.first or 120):
            raise ValueError("a baseline asks for more days than it has")
        return self

    @property
    def span(self) -> int:
        """Return how many days it and the chart take together."""
        return self.days + (self.lag or 0)

    def of(self, rows: Floats) -> tuple[Floats, Floats]:
        """Return the days of the baseline and those that the chart runs over, each else NaN."""
        if self.lag is not None:
            return rows[:, : self.days], rows[:, self.days :]
        usual = np.cumsum(~np.isnan(rows), axis=1) <= (self.first or 0)
        return np.where(usual, rows, np.nan), np.where(usual, np.nan, rows)


class Ewma(Frozen):
    """Roberts' weighted mean."""

    method: Literal["ewma"]
    weight: Annotated[float, Field(gt=0, le=1)] = 0.2


class Cusum(Frozen):
    """Page's cumulated sum; `slack` in sigmas."""

    method: Literal["cusum"]
    slack: Annotated[float, Field(ge=0)] = 0.5


class Macd(Frozen):
    """Two exponential means, of so many days."""

    method: Literal["macd"]
    short: Annotated[int, Field(ge=1)] = 3
    long: Annotated[int, Field(ge=2)] = 14

    @model_validator(mode="after")
    def _longer(self) -> Self:
        if self.long <= self.short:
            raise ValueError("long is not longer than short")
        return self


class ControlChart(Banded):
    """A chart and its baseline."""

    kind: Literal["control_chart"] = "control_chart"
    chart: Annotated[Ewma | Cusum | Macd, Field(discriminator="method")]
    baseline: Baseline

    @model_validator(mode="after")
    def _in_the_chart_s_unit(self) -> Self:
        in_sigmas = not isinstance(self.chart, Macd)
        if in_sigmas and self.units != (SIGMAS,):
            raise ValueError(f'bounds of {self.chart.method} are in sigmas: the unit is "1"')
        if in_sigmas != bool(self.baseline.floor):
            wants = "needs" if in_sigmas else "knows no"
            raise ValueError(f"{self.chart.method} {wants} baseline.floor")
        return self

    @property
    def measured_in(self) -> tuple[str, ...]:
        """Return the units in which it can take readings."""
        return tuple(self.baseline.floor) or self.units

    @property
    def looks_back(self) -> timedelta:
        """See `Rule`."""
        return looking_back(self.baseline.span)


def judge(
    rule: ControlChart, observations: Sequence[Observation], since: datetime
) -> Iterator[Judged]:
    """See `Kind`. A reading without a baseline, or within it, is left out."""
    for found in daily(rule.measured_in, observations, since, rule.baseline.span):
        yield from _judge(rule, found)


def _judge(rule: ControlChart, found: Daily) -> Iterator[Judged]:
    usual, run = rule.baseline.of(found.rows)
    centre, sigma = baseline(usual, rule.baseline.floor.get(found.unit, 0))
    charted = _chart(rule, found.rows, run, (centre, sigma))
    enough = np.count_nonzero(~np.isnan(usual), axis=1) >= rule.baseline.at_least
    unit = found.unit if isinstance(rule.chart, Macd) else SIGMAS
    for n in map(int, np.flatnonzero(enough & ~np.isnan(run[:, -1]))):
        number = statistic(charted[n])
        fired, held = rule.fired(number, unit), rule.held(number, unit)
        if fired is None:
            yield Judged(found.judged[n], None, held, SILENT)
            continue
        of = (float(centre[n]), float(sigma[n]))
        limit = str(rule.bands[fired][unit].limit)
        reason = _reason(rule, found.unit, of[0], float(number), limit)
        facts = _facts(rule, found.unit, of, float(number))
        yield Judged(found.judged[n], fired, held, reason, facts, found.basis(n))


def _chart(rule: ControlChart, rows: Floats, run: Floats, of: tuple[Floats, Floats]) -> Floats:
    match rule.chart:
        case Ewma(weight=weight):
            return ewma(run, *of, weight)
        case Cusum(slack=slack):
            up, down = cusum(run, *of, slack)
            return up if rule.direction is Direction.HIGH else -down
        case Macd(short=short, long=long):
            return macd(rows, short, long)


def _reason(rule: ControlChart, unit: str, usual: float, number: float, limit: str) -> Said:
    return Said.of(
        _AGAINST[rule.direction],
        usual=f"{usual:.1f}",
        unit=written(unit),
        method=rule.chart.method.upper(),
        chart=f"{number:.2f}",
        limit=limit,
    )


def _facts(
    rule: ControlChart, unit: str, of: tuple[float, float], number: float
) -> tuple[Fact, ...]:
    centre, sigma = of
    in_unit = unit if isinstance(rule.chart, Macd) else ""
    name = rule.chart.method.upper()
    usual = Fact(name="personal baseline", value=f"{centre:.2f}", unit=unit)
    if in_unit:
        return (usual, Fact(name=name, value=f"{number:.2f}", unit=unit))
    spread = Fact(name="sigma of the baseline", value=f"{sigma:.2f}", unit=unit)
    return (usual, spread, Fact(name=f"{name} in sigmas", value=f"{number:.2f}"))


def problems(rule: ControlChart, observations: Iterable[Observation]) -> tuple[Problem, ...]:
    """Return the readings whose unit this rule does not know and cannot convert."""
    return no_bound(rule, rule.measured_in, concerned(rule.components, observations))


def lint(rule: ControlChart) -> tuple[str, ...]:
    """Return what a rule's author should mend."""
    return (*left_out(rule.component, rule.measured_in), *_flat(rule), *_short(rule))


def _flat(rule: ControlChart) -> Iterator[str]:
    sign = 1 if rule.direction is Direction.HIGH else -1
    for unit, bound in list(rule.bands.values())[-1].items():
        if sign * bound.limit <= 0:
            yield f"{bound.written()} is reached on days like all others"
        elif rule.clear.margin[unit] >= sign * bound.limit:
            yield f"clear.margin in {unit} is the whole bound: a usual day does not end an episode"


def _short(rule: ControlChart) -> Iterator[str]:
    lag = rule.baseline.lag
    if lag is not None and lag < 3 and not isinstance(rule.chart, Macd):
        yield f"the chart runs over {lag} days only: it sees single days, no change of level"
    if isinstance(rule.chart, Macd) and rule.chart.long > rule.baseline.span:
        yield f"the long mean of {rule.chart.long} days has {rule.baseline.span} to look at"


KIND: Final = Kind("control_chart", ControlChart, judge, lint, problems)
