"""Stage 8: who is told of several things of one patient within minutes is told once.

A message stands for a further task only if it is as urgent or more, went to the same address, and
nobody has taken its task yet. So grouping never hides a higher priority, nor what comes after
somebody has looked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from alerting.model import Severity
from alerting.pipeline.route import Recipient

WITHIN: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Recent:
    """A message of this patient, on its way or sent, for a task that nobody has taken."""

    id: UUID
    task: UUID
    channel: str
    address: str
    priority: Severity
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Joined:
    """A recipient who is told already: by which message, for which task."""

    recipient: Recipient
    message: UUID
    task: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Group:
    """Groups what one task would say with what its patient's other tasks said just now."""

    task: UUID
    priority: Severity
    recent: Sequence[Recent]

    def __call__(
        self, items: Sequence[Recipient], now: datetime, /
    ) -> tuple[Recipient | Joined, ...]:
        """Return every recipient, those who are told already as joined."""
        return tuple(self._one(each, now) for each in items)

    def _one(self, recipient: Recipient, now: datetime) -> Recipient | Joined:
        told = [each for each in self.recent if self._same(each, recipient, now)]
        if not told:
            return recipient
        by = min(told, key=lambda each: (each.priority, each.created_at, each.id))
        return Joined(recipient, by.id, by.task, f"told with another {by.priority} task")

    def _same(self, recent: Recent, recipient: Recipient, now: datetime) -> bool:
        return (
            (recent.channel, recent.address) == (recipient.channel, recipient.address)
            and recent.task != self.task
            and not self.priority.worse_than(recent.priority)
            and now - recent.created_at < WITHIN
        )
