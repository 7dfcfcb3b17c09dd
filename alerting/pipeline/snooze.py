"""Stage 5: holds back what somebody snoozed: of a rule or component, a direction, up to a severity.

A snooze has an owner and a reason, and always ends. What is worse than it was made for, and the
other direction, come through.

Who completes a task has answered its alert: while that goes on, no worse than the task was, it asks
again only after the longest time that a snooze of this priority may last, or later where its rule
says so (`ask_again`: a window of days holds until those days are over, whatever was done). Another
episode asks at once, and so does P1, always. Without this, a lasting state would give one task for
each reading.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from alerting.model import Direction, Rule, Severity
from alerting.pipeline.inhibit import Asked, Held, What

# Defaults (J): "until re-enabled" was forgotten wherever it existed.
LONGEST: Final = timedelta(hours=24)
LONGEST_URGENT: Final = timedelta(hours=4)
URGENT: Final = frozenset({Severity.P1, Severity.P2})


def longest(up_to: Severity) -> timedelta:
    """Return how long a snooze of this severity may last."""
    return LONGEST_URGENT if up_to in URGENT else LONGEST


def rest(ask_again: timedelta | None, priority: Severity) -> timedelta:
    """Return how long the answer to a task of this priority holds; never for P1."""
    if priority is Severity.P1:
        return timedelta(0)
    return max(longest(priority), ask_again or timedelta(0))


@dataclass(frozen=True, slots=True)
class Snoozed:
    """A snooze of one patient as it is stored. Exactly one of rule_key and component is given.

    `answers` is the alert of a completed task: then it holds for that alert only, as long as its
    rule rests, and `until` is the longest that any may.
    """

    id: UUID
    rule_key: str | None
    component: str | None
    direction: Direction
    up_to: Severity
    owner: str
    reason: str
    since: datetime
    until: datetime
    answers: UUID | None = None

    def covers(
        self, rule_key: str, components: Sequence[str], direction: str, severity: Severity
    ) -> bool:
        """Tell whether it is made for this, whenever it holds."""
        mine = rule_key == self.rule_key or (
            self.component is not None and tuple(components) == (self.component,)
        )
        return mine and direction == self.direction and not severity.worse_than(self.up_to)

    def holds(self, now: datetime) -> bool:
        """Tell whether it has begun and not ended."""
        return self.since <= now < self.until

    def end(self, rule: Rule) -> datetime:
        """Return when it ends for what this rule asks."""
        if self.answers is None:
            return self.until
        return self.since + rest(rule.ask_again, self.up_to)

    @property
    def words(self) -> str:
        """Say whose it is and why."""
        if self.answers is not None:
            return f"{self.reason} by {self.owner}"
        return f"snoozed by {self.owner}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Snooze:
    """Holds back what one patient's snoozes cover."""

    snoozes: Sequence[Snoozed]

    def __call__(self, items: Sequence[Asked | Held], now: datetime, /) -> tuple[Asked | Held, ...]:
        """Return every item, those that are snoozed as held."""
        return tuple(self._one(each, now) if isinstance(each, Asked) else each for each in items)

    def _one(self, asked: Asked, now: datetime) -> Asked | Held:
        found = self.covering(asked, now)
        if found is None:
            return asked
        what = What.SNOOZED if found.answers is None else What.ANSWERED
        end = found.end(asked.rule)
        return Held(asked, what, found.id, found.words, end, end)

    def covering(self, asked: Asked, now: datetime) -> Snoozed | None:
        """Return the snooze that ends last of those that cover this now."""
        rule = asked.rule
        mine = (
            each
            for each in self.snoozes
            if each.holds(now)
            and now < each.end(rule)
            and each.answers in (None, asked.alert)
            and each.covers(rule.key, rule.components, _side(each, rule), asked.severity)
        )
        return max(mine, key=lambda each: (each.end(rule), each.id), default=None)


def _side(snoozed: Snoozed, rule: Rule) -> Direction:
    """Return by which side a snooze is asked: a component's high ones never hide many lows."""
    return rule.direction if snoozed.rule_key == rule.key else rule.side
