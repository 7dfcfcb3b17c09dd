"""Kind `sustained`: not one value beyond a limit, but several, or for a time.

Either `times` of the last `of` readings are beyond, or all are for at least `lasting`, and `times`
of them. The reading that makes it so is beyond itself. What is looked back on is valid: a
questionable reading counts for itself alone.

`alone` has bounds for which one reading is enough: "over 250 once, or over 300 twice running" is
one rule, and so one alert that gets worse, not two.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from alerting.bands import Bands, Movable, WithSymptoms, left_out, no_bound, with_answers
from alerting.extent import Extent
from alerting.fold import Judged, one_per_reading
from alerting.model import Observation, Problem, Severity, worst
from alerting.rules import Kind, concerned
from alerting.rules.threshold import Threshold, judge_each, judge_one
from alerting.rules.threshold import judge as single_readings
from alerting.spans import said_span
from alerting.words import SILENT, Said
from device_profiles.reading import Frozen, Validity

if TYPE_CHECKING:
    from alerting.columns import Columns, Judgements


Order = tuple[datetime, UUID, int]


class Alone(Frozen):
    """Bounds for one reading; see `Threshold` and `WithSymptoms`. Units are those of the rule."""

    bands: Annotated[Bands, Field(min_length=1)]
    beyond_range: Severity | None = None
    with_symptoms: WithSymptoms | None = None


class Sustained(Movable):
    """Bounds per severity and unit. Nothing older than `within` counts."""

    kind: Literal["sustained"] = "sustained"
    times: Annotated[int, Field(ge=2, le=100)]
    of: Annotated[int | None, Field(ge=2, le=100)] = None
    lasting: Annotated[timedelta | None, Field(gt=timedelta(0))] = None
    within: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=92))]
    alone: Alone | None = None

    @model_validator(mode="after")
    def _alone_fits(self) -> Self:
        if self.single is not None and set(self.single.units) != set(self.units):
            raise ValueError("alone needs bounds in exactly the units of the bands")
        return self

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.of is None) == (self.lasting is None):
            raise ValueError("say either `of`, how many readings, or `lasting`, how long")
        if self.of is not None and self.times > self.of:
            raise ValueError(f"{self.times} of {self.of} readings cannot be")
        if self.lasting is not None and self.lasting > self.within:
            raise ValueError("`lasting` is longer than `within`: it could never hold")
        return self

    @cached_property
    def single(self) -> Threshold | None:
        """Return what judges single readings, as a rule of its own."""
        if self.alone is None:
            return None
        common = {name: getattr(self, name) for name in Movable.model_fields if name != "kind"}
        mine = {name: getattr(self.alone, name) for name in Alone.model_fields}
        return Threshold.model_validate(common | mine)

    @property
    def reads(self) -> tuple[str, ...]:
        """See `Rule`."""
        single = self.single
        return max(super().reads, single.reads if single else (), key=len)

    @property
    def looks_back(self) -> timedelta:
        """See `Rule`."""
        single = self.single
        return max(self.within, super().looks_back, single.looks_back if single else self.within)


def judge(
    rule: Sustained, observations: Sequence[Observation], since: datetime
) -> Iterator[Judged]:
    """See `Kind`."""
    both = with_answers(rule, observations)
    single = (judge_one(rule, each, None, answer) for each, answer in both)
    alone = _alone(rule, observations, since)
    window: deque[Judged] = deque()
    for each in one_per_reading(one for one in single if one):
        at = each.observation.measured_at
        while window and at - window[0].observation.measured_at > rule.within:
            window.popleft()
        if at >= since:
            judged = _judge(rule, [*window, each])
            yield _worse(judged, alone.get(each.observation.order))
        if each.observation.validity is Validity.VALID:
            window.append(each)


def _alone(
    rule: Sustained, observations: Sequence[Observation], since: datetime
) -> dict[Order, Judged]:
    """Judge each reading by what is enough alone."""
    single = rule.single
    found = single_readings(single, observations, since) if single else ()
    return {each.observation.order: each for each in found}


def _worse(judged: Judged, alone: Judged | None) -> Judged:
    if alone is None:
        return judged
    more = alone if alone.fired and alone.fired.worse_than(judged.fired) else judged
    return replace(more, held=worst((judged.held, alone.held)))


def _judge(rule: Sustained, window: Sequence[Judged]) -> Judged:
    """Judge the last of these by those before it: the worst band that enough of them reach."""
    last = window[-1]
    for band in rule.severities:
        if last.fired is None or band.worse_than(last.fired):
            continue
        seen = _run(window, band) if rule.of is None else window[-rule.of :]
        beyond = [each for each in seen if _reaches(each, band)]
        if len(beyond) >= rule.times and _long_enough(rule, beyond):
            return _fires(rule, band, seen, beyond)
    return Judged(last.observation, None, last.held, SILENT)


def _reaches(judged: Judged, band: Severity) -> bool:
    return judged.fired is not None and not band.worse_than(judged.fired)


def _run(window: Sequence[Judged], band: Severity) -> Sequence[Judged]:
    """Return the readings at the end that are beyond without one between that is not."""
    start = len(window)
    while start and _reaches(window[start - 1], band):
        start -= 1
    return window[start:]


def _long_enough(rule: Sustained, beyond: Sequence[Judged]) -> bool:
    if rule.lasting is None:
        return True
    return beyond[-1].observation.measured_at - beyond[0].observation.measured_at >= rule.lasting


def _fires(
    rule: Sustained, band: Severity, seen: Sequence[Judged], beyond: Sequence[Judged]
) -> Judged:
    last = seen[-1]
    basis = tuple(each.observation.reading_id for each in beyond[:-1])
    reached = _reached(rule, band, last)
    if rule.of is not None:
        reason = Said.of(
            "{reached}, as {times} of the last {readings} readings are",
            reached=reached,
            times=str(len(beyond)),
            readings=str(len(seen)),
        )
    else:
        lasting = beyond[-1].observation.measured_at - beyond[0].observation.measured_at
        reason = Said.of(
            "{reached}, as all {times} readings of {span} are",
            reached=reached,
            times=str(len(beyond)),
            span=said_span(lasting),
        )
    return Judged(last.observation, band, last.held, reason, last.facts, basis)


def _reached(rule: Sustained, band: Severity, last: Judged) -> Said:
    """Return what a reading reached of this band: it may have reached a worse one alone."""
    if band == last.fired or band not in rule.bands:
        return last.reason
    again = judge_one(rule.model_copy(update={"bands": {band: rule.bands[band]}}), last.observation)
    return again.reason if again and again.fired else last.reason


def may_fire(rule: Sustained, extent: Extent) -> bool:
    """See `Kind`."""
    return extent.reaches(rule) or (rule.single is not None and extent.reaches(rule.single))


def problems(rule: Sustained, observations: Iterable[Observation]) -> tuple[Problem, ...]:
    """Return the readings whose unit this rule has no bound for and cannot convert."""
    return no_bound(rule, rule.units, concerned(rule.components, observations))


def lint(rule: Sustained) -> tuple[str, ...]:
    """Return what a rule's author should mend."""
    return left_out(rule.component, rule.units)


def vector(rule: Sustained, columns: "Columns") -> "Judgements":
    """See `Kind`."""
    import numpy as np

    from alerting.judge_sustained import judge_sustained

    bands = [int(band[1]) for band in rule.bands]
    by_itself = judge_each(rule, columns)
    judged = judge_sustained(
        columns, by_itself, bands, rule.times, rule.of, rule.lasting, rule.within
    )
    single = rule.single
    if single is None:
        return judged
    alone = judge_each(single, columns, single.beyond_range)
    fired, held = np.minimum(judged.fired, alone.fired), np.minimum(judged.held, alone.held)
    return replace(judged, fired=fired, held=held)


KIND: Final = Kind("sustained", Sustained, judge, lint, problems, may_fire, vector)
