"""Kind `jump`: a value so far from the last one that it is probably somebody else's.

A scale or a cuff is shared in a home. What jumps opens no alert: ingest holds it, neither charted
nor averaged, and asks "was it you?" (`gateway/ingest/jumps.py`). So this kind judges nothing that
is on the chart; a person said of that that it is the patient's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from alerting.bands import left_out
from alerting.fold import Judged
from alerting.model import Direction, Observation, OneComponent
from alerting.rules import Kind
from alerting.units import convert

_SECOND: Final = timedelta(seconds=1)
_DAY: Final = Decimal(24 * 3600)

Amounts = dict[str, Annotated[Decimal, Field(gt=0)]]


class Jump(OneComponent):
    """More than `per_day` for every day since the last value, and never more than `most`.

    Within the first day that is `per_day`. What is older than `within` is not compared with.
    """

    kind: Literal["jump"] = "jump"
    direction: Direction = Direction.HIGH
    per_day: Annotated[Amounts, Field(min_length=1)]
    most: Amounts
    within: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=92))] = timedelta(days=31)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if set(self.per_day) != set(self.most):
            raise ValueError("per_day and most need the same units")
        if any(self.most[unit] < amount for unit, amount in self.per_day.items()):
            raise ValueError("most is less than what one day allows")
        return self


@dataclass(frozen=True, slots=True)
class Measured:
    """A number, in a unit, at a moment."""

    number: Decimal
    unit: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Jumped:
    """By how much, in a unit of the rule."""

    by: Decimal
    unit: str


def jumped(rule: Jump, now: Measured, last: Measured | None) -> Jumped | None:
    """Compare a number with the last one that was accepted before it."""
    if last is None or now.at - last.at > rule.within:
        return None
    unit = next((u for u in (now.unit, *rule.per_day) if u in rule.per_day and _in(now, u)), None)
    if unit is None:
        return None
    number, before = _in(now, unit), _in(last, unit)
    if number is None or before is None:
        return None
    days = max(Decimal(1), Decimal((now.at - last.at) // _SECOND) / _DAY)
    allowed = min(rule.per_day[unit] * days, rule.most[unit])
    by = abs(number - before)
    return Jumped(by, unit) if by > allowed else None


def _in(measured: Measured, unit: str) -> Decimal | None:
    return convert(measured.number, measured.unit, unit)


def judge(_rule: Jump, _observations: Sequence[Observation], _since: datetime) -> Iterator[Judged]:
    """See `Kind`. What is on the chart was accepted."""
    return iter(())


def lint(rule: Jump) -> tuple[str, ...]:
    """Return what a rule's author should mend."""
    return left_out(rule.component, tuple(rule.per_day))


KIND: Final = Kind("jump", Jump, judge, lint)
