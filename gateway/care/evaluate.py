"""Evaluates one patient: duties in; alerts, tasks, history and the record of it out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
from gateway.care.from_alerts import lock_tasks
from gateway.care.gate import gate
from gateway.fail_points import reached
from gateway.storage.alerts import Case, carry_out
from gateway.storage.charts import concerned_by, read_chart
from gateway.storage.database import Connection
from gateway.storage.duties import Counts, done, take
from gateway.storage.rules import scope

log = structlog.get_logger()


def evaluate_patient(
    connection: Connection,
    rules: Mapping[str, Rule],
    patient: UUID,
    now: datetime,
    *,
    only: UUID | None = None,
) -> int:
    """Evaluate all that waits for one patient, or one reading, within the caller's transaction.

    Returns how many readings were evaluated: 0 where another process has the patient.
    """
    duties = take(connection, patient, now, only)
    if duties is None:
        return 0
    of_patient = scope(connection, patient, now)
    concerned = concerned_by(connection, duties, of_patient.rules(rules.values()))
    mine = in_force(concerned, of_patient.overrides, now, patient)
    tasks = lock_tasks(connection, patient)
    chart = read_chart(connection, duties, mine)
    news = [each for each in chart.observations if each.reading_id in duties.readings]
    _tell_problems(mine, news)
    episodes = Evaluate(mine, chart.carried, chart.since)(chart.observations, now)
    decisions = decide(mine, episodes, chart.alerts, duties.readings, now)
    case = Case(connection, duties.organisation, patient, duties.zone, now, duties.units)
    supported = _supported(decisions, chart.alerts, duties.aside)
    carry_out(case, supported, gate(case, supported, chart.alerts, mine, tasks))
    reached("carried_out")
    done(connection, duties, _count(mine, news, episodes), now)
    reached("evaluated")
    return len(duties.readings)


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
    rules: Sequence[Rule], news: Sequence[Observation], episodes: Sequence[Episode]
) -> Counts:
    """Count per reading: rules that saw it, rules that held for it, and those too late."""
    components = {(each.reading_id, each.component) for each in news if each.validity in TAKES_PART}
    new = {each.reading_id for each in news}
    evidence = [
        each
        for episode in episodes
        for each in episode.evidence
        if each.observation.reading_id in new
    ]
    return Counts(
        rules=Counter(
            reading
            for reading, component in components
            for rule in rules
            if component in rule.components
        ),
        findings=Counter(each.observation.reading_id for each in evidence),
        late=Counter(each.observation.reading_id for each in evidence if each.late),
    )
