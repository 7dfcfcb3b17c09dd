"""Stage 4: work that alerts ask for in; out comes the same, each either going on or held back.

A milder alert of the same vital, direction and queue is held back while a worse one is open and has
its task: one call answers both. Never the other way round, never one as bad, and never because of
an alert that nobody was given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from alerting.model import Rule, Severity

# What one measurement tells together; any other component is a vital of its own.
VITALS: Final = {
    "systolic": "blood pressure",
    "diastolic": "blood pressure",
    "mean_pressure": "blood pressure",
}
# Looked at again even where nothing is told to have changed.
LOOK_AGAIN: Final = timedelta(hours=1)


class What(StrEnum):
    """By what an alert, or the telling of it, is held back."""

    INHIBITED = "inhibited"
    SNOOZED = "snoozed"
    ANSWERED = "answered"
    GROUPED = "grouped"
    DIGEST = "digest"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Asked:
    """Work that an alert asks for, with the worst severity of what asks.

    Not `sure`: a person may have closed its task, and then it gets no other.
    """

    alert: UUID
    rule: Rule
    severity: Severity
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Held:
    """Work that is held back: by what, by which row or alert, why in words, and until when.

    `until` is None where the end is not a moment but an event; `look_again` is when to ask anew.
    """

    asked: Asked
    what: What
    by: UUID
    reason: str
    until: datetime | None
    look_again: datetime


@dataclass(frozen=True, slots=True)
class Live:
    """An alert that goes on and has a task, or gets one now."""

    alert: UUID
    rule: Rule
    severity: Severity


def vitals(rule: Rule) -> frozenset[str]:
    """Return what a rule is about, by what is measured together."""
    return frozenset(VITALS.get(name, name) for name in rule.components)


@dataclass(frozen=True, slots=True)
class Inhibit:
    """Holds back what a worse alert of one patient answers for. `live` are those with a task."""

    live: Sequence[Live]

    def __call__(self, items: Sequence[Asked | Held], now: datetime, /) -> tuple[Asked | Held, ...]:
        """Return every item, those that are inhibited as held."""
        return tuple(self._one(each, now) if isinstance(each, Asked) else each for each in items)

    def _one(self, asked: Asked, now: datetime) -> Asked | Held:
        worse = [live for live in self.live if inhibits(live, asked)]
        if not worse:
            return asked
        by = min(worse, key=lambda live: (live.severity, live.alert))
        reason = f"{by.rule.titled(by.severity)} ({by.severity}) is open and has its task"
        return Held(asked, What.INHIBITED, by.alert, reason, None, now + LOOK_AGAIN)


def inhibits(live: Live, asked: Asked) -> bool:
    """Tell whether one alert's task answers for another's."""
    mine, other = live.rule, asked.rule
    return (
        live.alert != asked.alert
        and live.severity.worse_than(asked.severity)
        and (mine.side, mine.queue) == (other.side, other.queue)
        and bool(vitals(mine))
        and vitals(mine) == vitals(other)
    )
