"""Kind `rapid_change`: how far a value is from the lowest, highest or median of the time before.

The bounds are on the difference, with its sign: a gain of 1.5 kg is `>= 1.5` and direction high, a
fall by 3 is `<= -3` and direction low. What is looked back on is valid; a meter's HI or LO is no
number, so no difference is told from it. Without anything before, nothing is said.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from alerting.bands import Movable, by_answer, in_one_of, left_out, no_bound, with_answers
from alerting.extent import Extent
from alerting.fold import Judged
from alerting.model import Direction, Fact, Observation, Problem
from alerting.rules import Kind, concerned
from alerting.spans import said_span
from alerting.units import convert, written
from alerting.words import SILENT, Said
from device_profiles.reading import Validity

Against = Literal["lowest", "highest", "median"]


class RapidChange(Movable):
    """Bounds on the difference to what was measured `within` before, at least `needs` readings."""

    kind: Literal["rapid_change"] = "rapid_change"
    against: Against
    within: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=92))]
    needs: Annotated[int, Field(ge=1, le=100)] = 1

    @model_validator(mode="after")
    def _on_its_side(self) -> Self:
        """A bound that no change reaches is what everybody holds who stays the same."""
        tables = self.moved.bands.values()
        if any(bound.reached(Decimal(0)) for table in tables for bound in table.values()):
            raise ValueError("no change at all reaches a bound: a rise is > 0, a fall < 0")
        side = {"lowest": Direction.HIGH, "highest": Direction.LOW}.get(self.against)
        if side not in (None, self.direction):
            raise ValueError(f"against: {self.against} goes with direction {side}")
        return self

    @property
    def looks_back(self) -> timedelta:
        """See `Rule`."""
        return max(self.within, super().looks_back)


def judge(
    rule: RapidChange, observations: Sequence[Observation], since: datetime
) -> Iterator[Judged]:
    """See `Kind`."""
    window: deque[Observation] = deque()
    for each, answer in with_answers(rule, observations):
        while window and each.measured_at - window[0].measured_at > rule.within:
            window.popleft()
        if each.measured_at >= since:
            judged = _judge(rule, each, window)
            if judged and answer:
                moved = _judge(rule.moved, each, window)
                judged = by_answer(judged, moved, answer) if moved else judged
            if judged:
                yield judged
        if each.number is not None and each.validity is Validity.VALID:
            window.append(each)


def _judge(rule: RapidChange, each: Observation, window: Iterable[Observation]) -> Judged | None:
    found = in_one_of(rule.units, each)
    if found is None:
        return None
    number, unit = found
    before = _before(each, unit, window)
    if len({id_ for _, id_ in before}) < rule.needs:
        return None
    reference, basis = _reference(rule.against, before)
    change = number - reference
    fired = rule.fired(change, unit)
    held = rule.held(change, unit)
    if fired is None:
        return Judged(each, None, held, SILENT)
    facts = (
        Fact(name=rule.against, value=_plain(reference), unit=written(unit)),
        Fact(name="change", value=_plain(change), unit=written(unit)),
    )
    return Judged(each, fired, held, _reason(rule, change, reference, unit), facts, basis)


def _before(
    each: Observation, unit: str, window: Iterable[Observation]
) -> list[tuple[Decimal, UUID]]:
    """Return earlier numbers in one unit; the reading itself, with two values, is none of them."""
    numbers = (
        (convert(old.number, old.unit, unit), old.reading_id)
        for old in window
        if old.number is not None and old.reading_id != each.reading_id
    )
    return [(number, id_) for number, id_ in numbers if number is not None]


def _reference(
    against: Against, before: Sequence[tuple[Decimal, UUID]]
) -> tuple[Decimal, tuple[UUID, ...]]:
    """Return the number to compare with, and the readings it comes from; of equals the newest."""
    if against == "median":
        ids = dict.fromkeys(id_ for _, id_ in before)
        return median(number for number, _ in before), tuple(ids)
    choose = min if against == "lowest" else max
    number, id_ = choose(reversed(before), key=lambda pair: pair[0])
    return number, (id_,)


_SAID: Final[dict[tuple[Direction, Against], str]] = {
    (Direction.HIGH, "lowest"): "is {size} {unit} above the lowest of the {span} before, {number}",
    (Direction.HIGH, "median"): "is {size} {unit} above the median of the {span} before, {number}",
    (Direction.LOW, "highest"): "is {size} {unit} below the highest of the {span} before, {number}",
    (Direction.LOW, "median"): "is {size} {unit} below the median of the {span} before, {number}",
}


def _reason(rule: RapidChange, change: Decimal, reference: Decimal, unit: str) -> Said:
    return Said.of(
        _SAID[rule.direction, rule.against],
        size=_plain(abs(change)),
        unit=written(unit),
        span=said_span(rule.within),
        number=f"{_plain(reference)} {written(unit)}",
    )


def _plain(number: Decimal) -> str:
    """Return as many digits as a person reads: a converted number has 28."""
    return f"{round(number, 2).normalize():f}"


def may_fire(rule: RapidChange, extent: Extent) -> bool:
    """See `Kind`."""
    return extent.changes(rule)


def problems(rule: RapidChange, observations: Iterable[Observation]) -> tuple[Problem, ...]:
    """Return the readings whose unit this rule has no bound for and cannot convert."""
    return no_bound(rule, rule.units, concerned(rule.components, observations))


def lint(rule: RapidChange) -> tuple[str, ...]:
    """Return what a rule's author should mend."""
    out = list(left_out(rule.component, rule.units))
    if rule.within == timedelta(days=1):
        out.append("within exactly 24 h misses yesterday's reading if today's is a minute later")
    return tuple(out)


KIND: Final = Kind("rapid_change", RapidChange, judge, lint, problems, may_fire)
