"""Evaluates patients: duties in; alerts, tasks, history and the record of it out.

What is read and written for all of them is one statement each, so that a round trip is shared.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import structlog

from alerting.errors import OverrideError
from alerting.model import TAKES_PART, Episode, Observation, Override, Rule
from alerting.overrides import effective
from alerting.packs.replacing import without_replaced
from alerting.pipeline import decide
from alerting.pipeline.decisions import Decision, Reopen, Resolve, Why
from alerting.pipeline.deduplicate import StoredAlert
from alerting.pipeline.evaluate import Evaluate, problems
from alerting.pipeline.suppress import Tasks
from gateway.care.from_alerts import lock_tasks
from gateway.care.gate import gate
from gateway.fail_points import reached
from gateway.storage.alerts import Case, carry_out
from gateway.storage.charts import Chart, read_charts
from gateway.storage.database import Connection
from gateway.storage.duties import Count, Duties, done, take
from gateway.storage.rules import scopes

log = structlog.get_logger()


def evaluate_patients(
    connection: Connection,
    rules: Mapping[str, Rule],
    patients: Sequence[UUID],
    now: datetime,
    *,
    only: UUID | None = None,
    locked: bool = False,
) -> int:
    """Evaluate all that waits for patients, or one reading, within the caller's transaction.

    Returns how many readings were evaluated: 0 where another process has the patients, unless the
    caller has `locked` them.
    """
    taken = take(connection, patients, now, only, locked=locked)
    if not taken:
        return 0
    whose = [duties.patient for duties in taken]
    mine = _rules(connection, rules, taken, now)
    tasks = lock_tasks(connection, whose)
    charts = read_charts(connection, list(zip(taken, mine, strict=True)))
    counts: list[Count] = []
    for duties, own, chart in zip(taken, mine, charts, strict=True):
        case = Case(connection, duties.organisation, duties.patient, duties.zone, now, duties.units)
        counts += _evaluate(case, duties, own, chart, tasks[duties.patient])
    done(connection, counts, now)
    reached("evaluated")
    return len(counts)


def _rules(
    connection: Connection, rules: Mapping[str, Rule], taken: Sequence[Duties], now: datetime
) -> list[tuple[Rule, ...]]:
    """Return for each patient the rules in force that judge anything of these readings.

    The others' alerts stay.
    """
    scope = scopes(connection, [duties.patient for duties in taken], now)
    return [
        in_force(
            (
                rule
                for rule in scope[duties.patient].rules(rules.values())
                if not duties.names.isdisjoint(rule.components)
            ),
            scope[duties.patient].overrides,
            now,
            duties.patient,
        )
        for duties in taken
    ]


def _evaluate(
    case: Case, duties: Duties, rules: Sequence[Rule], chart: Chart, tasks: Tasks
) -> Iterator[Count]:
    """Evaluate one patient and carry out what is decided."""
    news = [each for each in chart.observations if each.reading_id in duties.readings]
    _tell_problems(rules, news)
    episodes = Evaluate(rules, chart.carried, chart.since)(chart.observations, case.now)
    decisions = decide(rules, episodes, chart.alerts, duties.readings, case.now)
    supported = _supported(decisions, chart.alerts, duties.aside)
    carry_out(case, supported, gate(case, supported, chart.alerts, rules, tasks))
    reached("carried_out")
    return _count(duties, rules, news, episodes)


def in_force(
    rules: Iterable[Rule], overrides: Sequence[Override], now: datetime, patient: UUID
) -> tuple[Rule, ...]:
    """Return a patient's rules with all limits; those that do not fit are told and left."""
    found = (_own(rule, overrides, now, patient) for rule in rules)
    return without_replaced(rule for rule in found if rule)


def _own(rule: Rule, overrides: Sequence[Override], now: datetime, patient: UUID) -> Rule | None:
    try:
        return effective(rule, overrides, now)
    except OverrideError:
        log.error("override_does_not_fit", rule=rule.key, patient=str(patient))  # noqa: TRY400
        return rule


def _supported(
    decisions: Sequence[Decision], alerts: Sequence[StoredAlert], aside: frozenset[UUID]
) -> Sequence[Decision]:
    """Leave an alert as it is while its evidence cannot be evaluated again."""
    waiting = {alert.id for alert in alerts if alert.evidence & aside}
    if any(isinstance(decision, Reopen) for decision in decisions):
        return decisions  # of two, one has to end
    return [
        decision
        for decision in decisions
        if not (
            isinstance(decision, Resolve)
            and decision.why is Why.NOT_SUPPORTED
            and decision.alert in waiting
        )
    ]


def _tell_problems(rules: Sequence[Rule], news: Sequence[Observation]) -> None:
    for problem in problems(rules, news):
        log.error(
            "rule_cannot_judge",
            rule=problem.rule_key,
            version=problem.rule_version,
            reading=str(problem.reading_id),
            reason=problem.reason,
        )


def _count(
    duties: Duties,
    rules: Sequence[Rule],
    news: Sequence[Observation],
    episodes: Sequence[Episode],
) -> Iterator[Count]:
    """Count per reading: rules that saw it, rules that held for it, and those too late."""
    judging = Counter(name for rule in rules for name in rule.components)
    components = {(each.reading_id, each.component) for each in news if each.validity in TAKES_PART}
    saw = Counter[UUID]()
    for reading, component in components:
        saw[reading] += judging[component]
    evidence = [
        each
        for episode in episodes
        for each in episode.evidence
        if each.observation.reading_id in duties.readings
    ]
    held = Counter(each.observation.reading_id for each in evidence)
    late = Counter(each.observation.reading_id for each in evidence if each.late)
    return (Count(each, saw[each], held[each], late[each]) for each in duties.readings)
