"""Inhibit and snooze for one patient: what alerts ask for after the decisions, and what passes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from alerting.model import Episode, Rule, Severity, worst
from alerting.pipeline.decisions import Append, Decision, Lower, Open, Raise, Reopen, Resolve
from alerting.pipeline.deduplicate import StoredAlert
from alerting.pipeline.inhibit import Asked, Held, Inhibit, Live
from alerting.pipeline.snooze import Snooze, Snoozed


def asked_work(decisions: Iterable[Decision]) -> tuple[Asked, ...]:
    """Return what decisions ask people for: each alert once, with its worst timely evidence."""
    found: dict[UUID, Asked] = {}
    for decision in decisions:
        severity = _asks(decision)
        if severity is None or not isinstance(decision, Open | Append | Reopen):
            continue
        before = found.get(decision.alert)
        most = worst((severity, before.severity if before else None)) or severity
        found[decision.alert] = Asked(decision.alert, decision.episodes[-1].rule, most)
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
    tasks: Collection[tuple[str | None, str | None]],
    snoozes: Sequence[Snoozed],
    now: datetime,
) -> tuple[Asked | Held, ...]:
    """Say of all that is asked whether it goes on or is held back.

    `tasks` are the rule and direction of the patient's open tasks: what has one goes on, as more
    evidence for it. An alert inhibits only if it has a task or gets one now.
    """
    snooze, has_task = Snooze(snoozes), frozenset(tasks)
    going_on = frozenset(each.alert for each in asked if not _quiet(snooze, each, now))
    worked = tuple(each for each in live if _place(each.rule) in has_task or each.alert in going_on)
    free = tuple(each for each in asked if _place(each.rule) in has_task)
    rest = tuple(each for each in asked if each not in free)
    return (*free, *snooze(Inhibit(worked)(rest, now), now))


def _quiet(snooze: Snooze, asked: Asked, now: datetime) -> bool:
    return snooze.covering(asked, now) is not None


def _place(rule: Rule) -> tuple[str, str]:
    return rule.key, str(rule.direction)
