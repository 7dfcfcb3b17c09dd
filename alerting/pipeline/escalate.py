"""Stage 6: a task and how far it has climbed its ladder in; out comes whom to tell now, or when.

A ladder is data: ordered steps, each with a wait or a deadline, a target and a condition; it may be
climbed several times. It never ends in silence: behind the last step the organisation's default is
told and the banner is up, again and again, until somebody takes the task and closes it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from alerting.ports import Purpose
from device_profiles.reading import Frozen


class To(Frozen):
    """Whom a step or a route means; `name` is of a person, a team or a schedule."""

    kind: Literal["routed", "default", "person", "team", "on_call"]
    name: str | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.name is None) != (self.kind in ("routed", "default")):
            raise ValueError("a person, a team and a schedule have a name; the others have none")
        return self


class Condition(StrEnum):
    """While what holds a step is carried out."""

    NOT_ACKNOWLEDGED = "not_acknowledged"
    NOT_CLOSED = "not_closed"


class Step(Frozen):
    """Tell somebody after a wait since the step before, or when a deadline of the task passes."""

    tell: tuple[To, ...]
    wait: timedelta = timedelta(0)
    at: Literal["ack_due", "act_due"] | None = None
    when: Condition = Condition.NOT_ACKNOWLEDGED


class Ladder(Frozen):
    """The steps of one priority, climbed 1 + `loops` times; then the default, every `repeat`."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    loops: Annotated[int, Field(ge=0, le=9)] = 0
    repeat: Annotated[timedelta, Field(ge=timedelta(minutes=1), le=timedelta(days=1))]


@dataclass(frozen=True, slots=True)
class Climb:
    """How far a task has come: which step is next, in which loop, and when somebody was told last.

    Before the first time, `rung_at` is when the task was given.
    """

    step: int
    loop: int
    rings: int
    rung_at: datetime
    banner: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What a ladder asks of a task."""

    acknowledged: bool
    closed: bool
    ack_due: datetime | None
    act_due: datetime


@dataclass(frozen=True, slots=True)
class Ring:
    """Tell these now; `climb` is where the task is then."""

    tell: tuple[To, ...]
    purpose: Purpose
    climb: Climb


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing before this moment."""

    until: datetime
    climb: Climb


@dataclass(frozen=True, slots=True)
class Over:
    """The task is closed."""


def escalate(
    ladder: Ladder, climb: Climb, facts: Facts, now: datetime, *, hurry: bool = False
) -> Ring | Wait | Over:
    """Return what a task asks for now.

    With `hurry` the next step does not wait, as the last one reached nobody.
    """
    if facts.closed:
        return Over()
    climb = _next_step(ladder, climb, facts)
    if climb.step == len(ladder.steps):
        return _end(ladder, climb, facts, now)
    step = ladder.steps[climb.step]
    due = _due(step, climb, facts)
    if due > now and (facts.acknowledged or not hurry):
        return Wait(due, climb)
    purpose = Purpose.NEW if climb.step == climb.loop == 0 else Purpose.REMINDER
    return Ring(step.tell, purpose, _rung(climb, climb.step + 1, now))


def _next_step(ladder: Ladder, climb: Climb, facts: Facts) -> Climb:
    """Pass over steps whose condition does not hold, and begin anew where loops are left."""
    if facts.acknowledged:
        climb = replace(climb, banner=climb.banner and climb.rung_at >= facts.act_due)
    while True:
        if climb.step == len(ladder.steps):
            if facts.acknowledged or climb.loop >= ladder.loops:
                return climb
            climb = replace(climb, step=0, loop=climb.loop + 1)
        step = ladder.steps[climb.step]
        if not facts.acknowledged or step.when is Condition.NOT_CLOSED:
            return climb
        climb = replace(climb, step=climb.step + 1)


def _due(step: Step, climb: Climb, facts: Facts) -> datetime:
    deadline = {"ack_due": facts.ack_due, "act_due": facts.act_due}.get(step.at or "")
    if deadline is not None:
        return max(deadline, climb.rung_at)
    if step.at == "ack_due":  # nobody has to say that they have seen it
        return max(facts.act_due, climb.rung_at)
    return climb.rung_at + step.wait


def _end(ladder: Ladder, climb: Climb, facts: Facts, now: datetime) -> Ring | Wait:
    """Behind the last step: the organisation's default and the banner, without limit."""
    due = climb.rung_at + ladder.repeat
    if facts.acknowledged:
        due = due if climb.rung_at >= facts.act_due else facts.act_due
    if due > now:
        return Wait(due, climb)
    rung = replace(_rung(climb, climb.step, now), banner=True)
    return Ring((To(kind="default"),), Purpose.OVERDUE, rung)


def _rung(climb: Climb, step: int, now: datetime) -> Climb:
    return replace(climb, step=step, rings=climb.rings + 1, rung_at=now)
