"""Evaluates one patient: duties in; alerts, tasks, history and the record of it out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from pydantic import ValidationError

from alerting.model import TAKES_PART, Episode, Observation, Override, Rule
from alerting.overrides import effective
from alerting.pipeline import decide
from alerting.pipeline.evaluate import Evaluate, problems
from gateway.storage.alerts import Case, carry_out
from gateway.storage.charts import observations, stored_alerts, window_start
from gateway.storage.database import Connection
from gateway.storage.duties import Counts, done, take
from gateway.storage.rules import overrides

log = structlog.get_logger()


def evaluate_patient(
    connection: Connection, rules: Mapping[str, Rule], patient: UUID, now: datetime
) -> int:
    """Evaluate all that waits for one patient, within the caller's transaction.

    Returns how many readings were evaluated: 0 where another process has the patient.
    """
    duties = take(connection, patient)
    if duties is None:
        return 0
    mine = in_force(rules.values(), overrides(connection, patient), now)
    since = window_start(connection, patient, duties.earliest)
    components = sorted({rule.component for rule in mine})
    chart = observations(connection, duties.organisation, patient, since, components)
    stored = stored_alerts(connection, patient, since)
    _tell_problems(mine, [each for each in chart if each.reading_id in duties.readings])
    episodes = Evaluate(mine)(chart, now)
    case = Case(connection, duties.organisation, patient, duties.zone, now)
    carry_out(case, decide(mine, episodes, stored, duties.readings, now))
    done(connection, duties, _count(mine, chart, episodes), now)
    return len(duties.readings)


def in_force(
    rules: Iterable[Rule], overrides: Sequence[Override], now: datetime
) -> tuple[Rule, ...]:
    """Return the rules with a patient's own limits; limits that do not fit are told and left."""
    return tuple(_own(rule, overrides, now) for rule in rules)


def _own(rule: Rule, overrides: Sequence[Override], now: datetime) -> Rule:
    try:
        return effective(rule, overrides, now)
    except ValidationError:
        patient = next(each.patient_id for each in overrides)
        log.error("override_does_not_fit", rule=rule.key, patient=str(patient))  # noqa: TRY400
        return rule


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
    rules: Sequence[Rule], chart: Sequence[Observation], episodes: Sequence[Episode]
) -> Counts:
    """Count per reading: rules that saw it, rules that held for it, and those too late."""
    components = {
        (each.reading_id, each.component) for each in chart if each.validity in TAKES_PART
    }
    evidence = [each for episode in episodes for each in episode.evidence]
    return Counts(
        rules=Counter(
            reading
            for reading, component in components
            for rule in rules
            if rule.component == component
        ),
        findings=Counter(each.observation.reading_id for each in evidence),
        late=Counter(each.observation.reading_id for each in evidence if each.late),
    )
