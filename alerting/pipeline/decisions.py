"""What to do with an alert, as values: each says which alert, by which episodes, and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from alerting.model import Episode, Evidence, Severity

_ALERTS: Final = UUID("5f0c2f4e-6f52-4b0f-9a55-1f7d35c9d1a4")

Episodes = tuple[Episode, ...]


def alert_id(episode: Episode) -> UUID:
    """Name an alert by its rule and the reading that opened it: the same one every time."""
    rule, first = episode.rule, episode.opened_by.observation.reading_id
    return uuid5(_ALERTS, f"{rule.key}/{rule.direction}/{first}")


class Why(StrEnum):
    """Why an alert is resolved."""

    IN_RANGE = "readings back in range"
    NOT_SUPPORTED = "the rule in force no longer holds for these readings"
    RULE_ENDED = "the rule was taken away from this patient"


@dataclass(frozen=True, slots=True)
class Open:
    """A new episode: an alert, and the task for it."""

    alert: UUID
    episodes: Episodes
    severity: Severity
    peak: Severity


@dataclass(frozen=True, slots=True)
class Append:
    """More evidence for a stored alert; if some is timely, somebody must have a task for it."""

    alert: UUID
    episodes: Episodes
    evidence: tuple[Evidence, ...]

    @property
    def asks_for_work(self) -> bool:
        """Tell whether some of it came in time."""
        return any(not each.late for each in self.evidence)


@dataclass(frozen=True, slots=True)
class Raise:
    """It is worse than stored, now or at its peak."""

    alert: UUID
    episodes: Episodes
    severity: Severity
    peak: Severity


@dataclass(frozen=True, slots=True)
class Lower:
    """It is better than stored, and goes on."""

    alert: UUID
    episodes: Episodes
    severity: Severity


@dataclass(frozen=True, slots=True)
class Resolve:
    """The episode is over. `until` is when the last reading that ended it was taken."""

    alert: UUID
    why: Why
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Reopen:
    """Late data show that the episode was not over."""

    alert: UUID
    episodes: Episodes
    severity: Severity


@dataclass(frozen=True, slots=True)
class Late:
    """The rule held, but the readings came too late to ask for work: counted, nothing opened."""

    episode: Episode


Decision = Open | Append | Raise | Lower | Resolve | Reopen | Late
