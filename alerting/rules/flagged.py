"""Kind `flagged`: readings that carry a mark of their device again and again.

An irregular pulse once is chance; repeated, it is work for a clinician. A loose cuff or movement
repeated is work for whoever shows how to measure: `queue: technical`. Marks make a reading
questionable at times; they count all the same, since they are what is asked about.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from alerting.fold import Judged
from alerting.model import Direction, Observation, OneComponent, Severity
from alerting.moments import Values, by_reading
from alerting.rules import Kind
from alerting.words import SILENT, Said
from device_profiles.codes import TERMS
from device_profiles.reading import Frozen


class Often(Frozen):
    """`times` of the last `of` readings carry a mark; without `of`, so many within the time."""

    times: Annotated[int, Field(ge=1, le=100)]
    of: Annotated[int | None, Field(ge=1, le=100)] = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.of is not None and self.times > self.of:
            raise ValueError(f"{self.times} of {self.of} readings cannot be")
        return self


class ClearOf(Frozen):
    """How many readings running without a mark before an episode is over."""

    readings: Annotated[int, Field(ge=1, le=10)] = 2


class Flagged(OneComponent):
    """How often, per severity, readings of a component carry one of the marks."""

    kind: Literal["flagged"] = "flagged"
    flags: Annotated[tuple[Annotated[str, Field(min_length=3)], ...], Field(min_length=1)]
    bands: Annotated[dict[Severity, Often], Field(min_length=1)]
    within: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=92))]
    clear: ClearOf = ClearOf()

    @field_validator("bands")
    @classmethod
    def _worst_first(cls, bands: dict[Severity, Often]) -> dict[Severity, Often]:
        return dict(sorted(bands.items()))

    @model_validator(mode="after")
    def _high(self) -> Self:
        if self.direction is not Direction.HIGH:
            raise ValueError("marks are counted upwards: direction high")
        return self

    @property
    def looks_back(self) -> timedelta:
        """See `Rule`."""
        return self.within

    @property
    def clear_after(self) -> int:
        """See `Rule`."""
        return self.clear.readings


def judge(rule: Flagged, observations: Sequence[Observation], since: datetime) -> Iterator[Judged]:
    """See `Kind`."""
    window: deque[Values] = deque()
    for own in by_reading(observations):
        window.append(own)
        while own[0].measured_at - window[0][0].measured_at > rule.within:
            window.popleft()
        if own[0].measured_at >= since:
            yield _judge(rule, own[0], [_marked(rule, each[0]) for each in window], window)


def _marked(rule: Flagged, observation: Observation) -> bool:
    return not observation.flags.isdisjoint(rule.flags)


def _judge(
    rule: Flagged, one: Observation, marked: Sequence[bool], window: Sequence[Values]
) -> Judged:
    if not marked[-1]:
        return Judged(one, None, None)
    for severity, often in rule.bands.items():
        start = len(marked) - often.of if often.of and often.of < len(marked) else 0
        if sum(marked[start:]) >= often.times:
            readings = [each[0].reading_id for each in list(window)[start:-1]]
            basis = (id_ for id_, each in zip(readings, marked[start:-1], strict=True) if each)
            said = _reason(rule, one, sum(marked[start:]), len(marked) - start)
            return Judged(one, severity, severity, said, (), tuple(basis))
    return Judged(one, None, next(iter(rule.bands)), SILENT)


def _reason(rule: Flagged, one: Observation, times: int, of: int) -> Said:
    marks = sorted(one.flags.intersection(rule.flags))
    said = Said.of(marks[0].replace("_", " "))
    for mark in marks[1:]:
        said = Said.of("{first}, {next}", first=said, next=Said.of(mark.replace("_", " ")))
    return Said.of(
        "carries the mark {marks}, as {times} of the last {readings} readings do",
        marks=said,
        times=str(times),
        readings=str(of),
    )


def lint(rule: Flagged) -> tuple[str, ...]:
    """Return what a rule's author should mend."""
    out = []
    if rule.component not in {term.name for term in TERMS.values()}:
        out.append(f"no device measures {rule.component!r}")
    if any(often.times == 1 for often in rule.bands.values()):
        out.append("one mark alone is enough: is that meant?")
    shares = [(each.times / each.of if each.of else 0, each.times) for each in rule.bands.values()]
    if shares != sorted(shares, reverse=True):
        out.append("a milder band asks for marks more often than a worse one")
    return tuple(out)


KIND: Final = Kind("flagged", Flagged, judge, lint)
