"""Inhibit and snooze for one patient: what alerts ask for after the decisions, and what passes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from alerting.model import Episode, Rule, Severity, milder, worst
from alerting.pipeline.decisions import Append, Decision, Lower, Open, Raise, Reopen, Resolve
from alerting.pipeline.deduplicate import StoredAlert
from alerting.pipeline.inhibit import Asked, Held, Inhibit, Live
from alerting.pipeline.snooze import Snooze, Snoozed

# A patient's open tasks: the priority of each by its rule and direction.
Tasks = Mapping[tuple[str | None, str | None], Severity]


def asked_work(decisions: Iterable[Decision]) -> tuple[Asked, ...]:
    """Return what decisions ask people for: each alert once, with its worst timely evidence."""
    found: dict[UUID, Asked] = {}
    for decision in decisions:
        severity = _asks(decision)
        if severity is None or not isinstance(decision, Open | Append | Reopen):
            continue
        before = found.get(decision.alert)
        most = worst((severity, before.severity if before else None)) or severity
        sure = not isinstance(decision, Reopen) or (before is not None and before.sure)
        found[decision.alert] = Asked(decision.alert, decision.episodes[-1].rule, most, sure)
    return tuple(found.values())


def _asks(decision: Decision) -> Severity | None:
    if isinstance(decision, Append):
        return worst(each.severity for each in decision.evidence if not each.late)
    if isinstance(decision, Open | Reopen):
        return _timely(decision.episodes)
    return None


def _timely(episodes: Iterable[Episode]) -> Severity | None:
    return worst(each.severity for e in episodes for each in e.evidence if not each.late)


def live_after(
    stored: Iterable[StoredAlert], decisions: Iterable[Decision], rules: Mapping[str, Rule]
) -> tuple[Live, ...]:
    """Return the alerts that go on once the decisions are carried out."""
    live = {
        alert.id: Live(alert.id, rules[alert.rule_key], alert.severity)
        for alert in stored
        if alert.unresolved and alert.rule_key in rules
    }
    for decision in decisions:
        if isinstance(decision, Resolve):
            live.pop(decision.alert, None)
        elif isinstance(decision, Open | Raise | Lower | Reopen):
            rule = decision.episodes[-1].rule
            live[decision.alert] = Live(decision.alert, rule, decision.severity)
    return tuple(live.values())


def suppress(
    asked: Sequence[Asked],
    live: Iterable[Live],
    tasks: Tasks,
    snoozes: Sequence[Snoozed],
    now: datetime,
) -> tuple[Asked | Held, ...]:
    """Say of all that is asked whether it goes on or is held back.

    What has an open task goes on, as more evidence for it. An alert inhibits only if it has a task
    that is not snoozed, or gets one now, and only what is milder than that task.
    """
    snooze = Snooze(snoozes)
    free = tuple(each for each in asked if _place(each.rule) in tasks)
    rest = tuple(each for each in asked if each not in free)
    by_alert = {each.alert: each for each in asked}
    worked = (_worked(each, by_alert.get(each.alert), tasks, snooze, now) for each in live)
    inhibit = Inhibit(tuple(each for each in worked if each))
    return (*free, *snooze(inhibit(rest, now), now))


def _worked(
    live: Live, asked: Asked | None, tasks: Tasks, snooze: Snooze, now: datetime
) -> Live | None:
    """Return an alert as people are told of it: as urgent as its task; None where they are not."""
    task, asks = tasks.get(_place(live.rule)), asked.severity if asked else None
    if task is None and (asked is None or not asked.sure):
        return None
    priority = worst((task, asks)) or live.severity
    if _quiet(snooze, Asked(live.alert, live.rule, priority), now):
        return None
    return replace(live, severity=milder(live.severity, priority) or live.severity)


def _quiet(snooze: Snooze, asked: Asked, now: datetime) -> bool:
    return snooze.covering(asked, now) is not None


def _place(rule: Rule) -> tuple[str, str]:
    return rule.key, str(rule.direction)
