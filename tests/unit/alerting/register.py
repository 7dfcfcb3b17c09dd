"""Alerts in memory, changed as the decisions say: what the database must come to hold."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from alerting.findings import decisive
from alerting.model import TAKES_PART, Carried, Episode, Evidence, Observation, Rule, State
from alerting.pipeline import decide
from alerting.pipeline.decisions import Append, Decision, Late, Lower, Open, Raise, Reopen, Resolve
from alerting.pipeline.deduplicate import AlertState, StoredAlert, to_carry
from alerting.pipeline.evaluate import Evaluate
from tests.unit.alerting.make import NOON


@dataclass
class Register:
    """Evaluates arrivals of one patient, and refuses what the database's constraints refuse.

    With `history` it reads no more than so many readings before the first new one, and carries
    alerts over, as gateway/storage/charts.py does.
    """

    rules: tuple[Rule, ...]
    chart: list[Observation] = field(default_factory=list)
    alerts: dict[UUID, StoredAlert] = field(default_factory=dict)
    history: int | None = None
    told: dict[UUID, list[Evidence]] = field(default_factory=lambda: defaultdict(list))

    def arrive(self, news: Iterable[Observation]) -> tuple[Decision, ...]:
        news = list(news)
        self.chart += news
        ids = frozenset(each.reading_id for each in news)
        decisions = self.decide(ids) if self.history is None else self._bounded(news, ids)
        for decision in decisions:
            self.carry_out(decision)
            self.check()
        return decisions

    def episodes(self) -> tuple[Episode, ...]:
        return Evaluate(self.rules)(self.chart, NOON)

    def decide(self, news: frozenset[UUID]) -> tuple[Decision, ...]:
        stored = list(self.alerts.values())
        return decide(self.rules, self.episodes(), stored, news, NOON)

    def _bounded(self, news: Sequence[Observation], ids: frozenset[UUID]) -> tuple[Decision, ...]:
        earliest = min(each.measured_at for each in news)
        stored: list[StoredAlert] = []
        found: list[Episode] = []
        for rule in self.rules:
            start = self._start(rule, earliest)
            seen = [each for each in self.chart if each.measured_at >= start]
            carried, known = self._carry(rule, start, earliest)
            found += Evaluate((rule,), carried)(seen, NOON)
            known |= {each.reading_id for each in seen}
            mine = (alert for alert in self.alerts.values() if alert.rule_key == rule.key)
            stored += (replace(alert, evidence=alert.evidence & known) for alert in mine)
        stored = [alert for alert in stored if alert.evidence or alert.unresolved]
        return decide(self.rules, found, stored, ids, NOON)

    def _start(self, rule: Rule, earliest: datetime) -> datetime:
        before = {
            each.reading_id: each.measured_at
            for each in self.chart
            if each.component == rule.components[0]
            and each.validity in TAKES_PART
            and each.measured_at < earliest
        }
        return min(sorted(before.values())[-(self.history or 0) :], default=earliest)

    def _carry(
        self, rule: Rule, start: datetime, earliest: datetime
    ) -> tuple[dict[str, Carried], set[UUID]]:
        alert = to_carry(list(self.alerts.values()), rule, start, earliest)
        if alert is None:
            return {}, set()
        told = [each for each in self.told[alert.id] if each.observation.measured_at < start]
        told.sort(key=lambda each: each.observation.measured_at)
        few = {id(each): each for each in (told[0], decisive(told), told[-1])}
        kept = tuple(each.observation for each in few.values())
        carried = Carried(severity=alert.severity, observations=kept)
        return {rule.key: carried}, {each.reading_id for each in kept}

    def carry_out(self, decision: Decision) -> None:
        if isinstance(decision, Late):
            return
        if isinstance(decision, Open):
            self._open(decision)
            return
        old = self.alerts[decision.alert]
        if isinstance(decision, Append):
            more = frozenset(each.observation.reading_id for each in decision.evidence)
            assert not more & old.evidence
            since = min(each.observation.measured_at for each in decision.evidence)
            new = replace(old, evidence=old.evidence | more, since=min(old.since, since))
            self.told[old.id] += decision.evidence
        elif isinstance(decision, Raise):
            new = replace(old, severity=decision.severity, peak=decision.peak)
        elif isinstance(decision, Lower):
            new = replace(old, severity=decision.severity)
        elif isinstance(decision, Reopen):
            new = replace(old, state=AlertState.OPEN, severity=decision.severity, until=None)
        else:
            assert isinstance(decision, Resolve)
            new = replace(old, state=AlertState.RESOLVED, until=decision.until)
        self.alerts[decision.alert] = new

    def _open(self, opened: Open) -> None:
        assert opened.alert not in self.alerts
        episode = opened.episodes[0]
        self.told[opened.alert] += episode.evidence
        self.alerts[opened.alert] = StoredAlert(
            id=opened.alert,
            rule_key=episode.rule.key,
            direction=episode.rule.direction,
            state=AlertState.OPEN,
            severity=opened.severity,
            peak=opened.peak,
            since=episode.opened_by.observation.measured_at,
            evidence=episode.readings,
        )

    def check(self) -> None:
        """Hold what unique indexes and checks of 0003_alerting.sql hold."""
        for rule in self.rules:
            mine = [alert for alert in self.alerts.values() if alert.rule_key == rule.key]
            assert sum(alert.unresolved for alert in mine) <= 1
            readings = [reading for alert in mine for reading in alert.evidence]
            assert len(readings) == len(set(readings))
            assert not any(alert.severity.worse_than(alert.peak) for alert in mine)

    def unresolved(self, rule: Rule) -> bool:
        mine = (alert for alert in self.alerts.values() if alert.rule_key == rule.key)
        return any(alert.unresolved for alert in mine)

    def goes_on(self, rule: Rule) -> bool:
        mine = (each for each in self.episodes() if each.rule.key == rule.key)
        return any(each.state is State.OPEN for each in mine)
