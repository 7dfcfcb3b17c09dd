"""Stage 2: episodes in; out comes each with the stored alert that it is, or with none.

An episode is a stored alert when they share a reading of evidence; late data may split or join
episodes, so several may be one alert, and of several alerts the one still open counts. An
episode that shares none belongs to the alert that is open for the same rule and direction: never
two for one patient.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from alerting.model import Direction, Episode, Rule, Severity


class AlertState(StrEnum):
    """The states of an alert."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """What the database holds of an alert; of its evidence what belongs to the readings at hand.

    `until` is when the last reading that ended it was taken.
    """

    id: UUID
    rule_key: str
    direction: Direction
    state: AlertState
    severity: Severity
    peak: Severity
    since: datetime
    evidence: frozenset[UUID]
    until: datetime | None = None

    @property
    def unresolved(self) -> bool:
        """Tell whether its episode still goes on."""
        return self.state is not AlertState.RESOLVED


def to_carry(
    stored: Sequence[StoredAlert], rule: Rule, start: datetime, earliest: datetime
) -> StoredAlert | None:
    """Return the alert with whose episode an evaluation begins that reads from `start` on.

    One that began before and goes on, or that went on when the first new reading was measured, at
    `earliest`: new readings may take back the end of that one.
    """
    mine = (
        alert
        for alert in stored
        if (alert.rule_key, alert.direction) == (rule.key, rule.direction)
        and alert.since < start
        and (alert.unresolved or (alert.until is not None and alert.until >= earliest))
    )
    return max(mine, key=lambda a: (a.unresolved, a.since, a.id), default=None)


@dataclass(frozen=True, slots=True)
class Match:
    """One alert and what it is now: its episodes, oldest first; or an episode without an alert.

    An unresolved alert without episodes is one that its rule no longer supports. `known` are the
    readings that some alert of this rule holds already.
    """

    alert: StoredAlert | None
    episodes: tuple[Episode, ...]
    known: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Deduplicate:
    """Matches episodes to one patient's stored alerts. `rules` are the keys that were evaluated."""

    stored: Sequence[StoredAlert]
    rules: frozenset[str]

    def __call__(self, items: Sequence[Episode], _now: datetime, /) -> tuple[Match, ...]:
        """Return a match for every episode and for every unresolved alert of these rules."""
        homes = [(self._home(episode), episode) for episode in items]
        alerts = [alert for alert in self.stored if alert.rule_key in self.rules]
        mine = {alert.id: _of(homes, alert) for alert in alerts}
        held = tuple(
            Match(alert, mine[alert.id], self._known(alert.rule_key))
            for alert in alerts
            if mine[alert.id] or alert.unresolved
        )
        fresh = tuple(
            Match(None, (each,), self._known(each.rule.key)) for home, each in homes if not home
        )
        return held + fresh

    def _home(self, episode: Episode) -> StoredAlert | None:
        same = [
            alert
            for alert in self.stored
            if (alert.rule_key, alert.direction) == (episode.rule.key, episode.rule.direction)
        ]
        shared = [alert for alert in same if alert.evidence & episode.readings]
        candidates = shared or [alert for alert in same if alert.unresolved]
        return max(candidates, key=lambda a: (a.unresolved, a.since, a.id), default=None)

    def _known(self, rule_key: str) -> frozenset[UUID]:
        return frozenset[UUID]().union(*(a.evidence for a in self.stored if a.rule_key == rule_key))


def _of(
    homes: Sequence[tuple[StoredAlert | None, Episode]], alert: StoredAlert
) -> tuple[Episode, ...]:
    mine = (episode for home, episode in homes if home is alert)
    return tuple(sorted(mine, key=lambda e: e.opened_by.observation.measured_at))
