"""Alerts in memory, changed as the decisions say: what the database must come to hold."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from alerting.model import Episode, Observation, Rule, State
from alerting.pipeline import decide
from alerting.pipeline.decisions import Append, Decision, Late, Lower, Open, Raise, Reopen, Resolve
from alerting.pipeline.deduplicate import AlertState, StoredAlert
from alerting.pipeline.evaluate import Evaluate
from tests.unit.alerting.make import NOON


@dataclass
class Register:
    """Evaluates arrivals of one patient, and refuses what the database's constraints refuse."""

    rules: tuple[Rule, ...]
    chart: list[Observation] = field(default_factory=list)
    alerts: dict[UUID, StoredAlert] = field(default_factory=dict)

    def arrive(self, news: Iterable[Observation]) -> tuple[Decision, ...]:
        news = list(news)
        self.chart += news
        decisions = self.decide(frozenset(each.reading_id for each in news))
        for decision in decisions:
            self.carry_out(decision)
            self.check()
        return decisions

    def episodes(self) -> tuple[Episode, ...]:
        return Evaluate(self.rules)(self.chart, NOON)

    def decide(self, news: frozenset[UUID]) -> tuple[Decision, ...]:
        stored = list(self.alerts.values())
        return decide(self.rules, self.episodes(), stored, news, NOON)

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
            new = replace(old, evidence=old.evidence | more)
        elif isinstance(decision, Raise):
            new = replace(old, severity=decision.severity, peak=decision.peak)
        elif isinstance(decision, Lower):
            new = replace(old, severity=decision.severity)
        elif isinstance(decision, Reopen):
            new = replace(old, state=AlertState.OPEN, severity=decision.severity)
        else:
            assert isinstance(decision, Resolve)
            new = replace(old, state=AlertState.RESOLVED)
        self.alerts[decision.alert] = new

    def _open(self, opened: Open) -> None:
        assert opened.alert not in self.alerts
        episode = opened.episodes[0]
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
