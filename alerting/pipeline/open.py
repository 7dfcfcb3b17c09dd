"""Stage 3: matches in; out comes what to open, append, raise, lower, resolve or reopen.

Only a reading that is evaluated now, and came in time, opens anything: one for which the rule
holds, or one that makes it hold for another, as yesterday's weight does that comes after today's.
So a new version of a rule or a new override never floods the worklist with the past, and an old
memory that a device delivers is charted and counted but asks nobody to act.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alerting.model import Episode, Evidence, Severity, State, milder, worst
from alerting.pipeline.decisions import (
    Append,
    Decision,
    Episodes,
    Late,
    Lower,
    Open,
    Raise,
    Reopen,
    Resolve,
    Why,
    alert_id,
)
from alerting.pipeline.deduplicate import Match, StoredAlert


@dataclass(frozen=True, slots=True)
class Decide:
    """Decides for one patient; `news` are the readings that are evaluated now."""

    news: frozenset[UUID]

    def __call__(self, items: Sequence[Match], _now: datetime, /) -> tuple[Decision, ...]:
        """Return decisions in the order to carry them out: what ends comes before what goes on."""
        return tuple(
            decision for group in sorted(map(self._all, items), key=_order) for decision in group
        )

    def _all(self, match: Match) -> tuple[Decision, ...]:
        if match.alert is None:
            return tuple(self._fresh(match.episodes[0]))
        supported = tuple(
            each
            for each in match.episodes
            if each.readings & match.alert.evidence or self._opens(each)
        )
        left = (each for each in match.episodes if each not in supported and any(self._new(each)))
        return (*_held(match.alert, supported, match.known), *map(Late, left))

    def _opens(self, episode: Episode) -> bool:
        return any(not each.late for each in self._new(episode))

    def _new(self, episode: Episode) -> Iterator[Evidence]:
        return (
            each
            for each in episode.evidence
            if each.observation.reading_id in self.news or not self.news.isdisjoint(each.basis)
        )

    def _fresh(self, episode: Episode) -> Iterator[Decision]:
        peak = _timely(episode.evidence)
        severity = milder(episode.severity, peak)
        if peak and severity and self._opens(episode):
            alert = alert_id(episode)
            yield Open(alert, (episode,), severity, peak)
            if episode.state is State.CLOSED:
                yield Resolve(alert, Why.IN_RANGE, episode.closed_at)
        elif any(self._new(episode)):
            yield Late(episode)


def _held(alert: StoredAlert, episodes: Episodes, known: frozenset[UUID]) -> Iterator[Decision]:
    """Compare a stored alert with its episodes as they are now."""
    if not episodes:
        if alert.unresolved:
            yield Resolve(alert.id, Why.NOT_SUPPORTED, None)
        return
    new = tuple(
        each
        for episode in episodes
        for each in episode.evidence
        if each.observation.reading_id not in known
    )
    if new:
        yield Append(alert.id, episodes, new)
    peak = worst((alert.peak, _timely(new))) or alert.peak
    yield from _state(alert, episodes, peak)


def _state(alert: StoredAlert, episodes: Episodes, peak: Severity) -> Iterator[Decision]:
    last = episodes[-1]
    severity = milder(last.severity, peak) or peak
    goes_on = last.state is State.OPEN
    if goes_on and not alert.unresolved:
        # Never worse than the peak that is stored; where it is now, Raise follows with both.
        yield Reopen(alert.id, episodes, milder(severity, alert.peak) or alert.peak)
    if peak.worse_than(alert.peak) or (goes_on and severity.worse_than(alert.severity)):
        yield Raise(alert.id, episodes, severity, peak)
    elif goes_on and alert.severity.worse_than(severity) and alert.unresolved:
        yield Lower(alert.id, episodes, severity)
    if not goes_on and alert.unresolved:
        yield Resolve(alert.id, Why.IN_RANGE, last.closed_at)


def _timely(evidence: Iterable[Evidence]) -> Severity | None:
    return worst(each.severity for each in evidence if not each.late)


def _order(decisions: Sequence[Decision]) -> int:
    """Sort by what is unresolved meanwhile: of a rule and direction that may only be one alert.

    What ends comes first, then what begins and ends, and last what begins and goes on.
    """
    begins = any(isinstance(decision, Open | Reopen) for decision in decisions)
    ends = any(isinstance(decision, Resolve) for decision in decisions)
    return (3 if begins else 1) - ends
