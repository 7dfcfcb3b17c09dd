"""Carries out what the pipeline decided for one patient, within that patient's transaction."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from alerting.findings import Finding, explain
from alerting.model import Evidence, Rule
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
)
from gateway.care.from_alerts import Case, add_evidence, ensure_task, note_resolved
from gateway.care.gate import RESOLVED, Gate
from gateway.fail_points import reached
from gateway.storage.events import EVIDENCE_EVERY, record
from gateway.storage.rules import load_packs

INSERT: Final = """
INSERT INTO alert (id, organisation_id, patient_id, rule_key, rule_version, direction, severity,
    peak_severity, since, opened_at, updated_at, readings, explanation, sentence)
VALUES (%(alert)s, %(organisation)s, %(patient)s, %(rule_key)s, %(rule_version)s, %(direction)s,
    %(severity)s, %(peak)s, %(since)s, %(now)s, %(now)s, %(more)s, %(explanation)s,
    %(sentence)s)"""

ADD_READINGS: Final = """
INSERT INTO alert_reading (alert_id, reading_id, organisation_id, patient_id, measured_at,
    rule_key, direction, severity, late, added_at)
VALUES (%(alert)s, %(reading)s, %(organisation)s, %(patient)s, %(measured_at)s, %(rule_key)s,
    %(direction)s, %(severity)s, %(late)s, %(now)s)"""

# New work for somebody: whoever had acknowledged the alert has not seen this.
LINK_TASK: Final = """
UPDATE alert SET task_id = %(task)s,
    state = CASE WHEN %(new)s AND state = 'acknowledged' THEN 'open' ELSE state END
WHERE id = %(alert)s"""

EXPLAIN: Final = """
UPDATE alert SET rule_version = %(rule_version)s, explanation = %(explanation)s,
    sentence = %(sentence)s, since = least(since, %(since)s), updated_at = %(now)s,
    readings = readings + %(more)s
WHERE id = %(alert)s"""

RAISE: Final = """
UPDATE alert SET severity = %(severity)s, peak_severity = %(peak)s, updated_at = %(now)s
WHERE id = %(alert)s"""

LOWER: Final = "UPDATE alert SET severity = %(severity)s, updated_at = %(now)s WHERE id = %(alert)s"

RESOLVE: Final = """
UPDATE alert SET state = 'resolved', resolved_at = %(now)s, updated_at = %(now)s, until = %(until)s
WHERE id = %(alert)s RETURNING rule_key, direction"""

ENDED_ITSELF: Final = """
SELECT FROM alert a LEFT JOIN task t ON t.id = a.task_id
WHERE a.id = %s AND (t.status = 'cancelled' OR t.id IS NULL)"""

REOPEN: Final = """
UPDATE alert SET state = 'open', resolved_at = NULL, until = NULL, severity = %(severity)s,
    updated_at = %(now)s
WHERE id = %(alert)s"""


def carry_out(case: Case, decisions: Sequence[Decision], gate: Gate) -> None:
    """Write alerts, evidence, tasks and history; nothing is committed here."""
    for decision in decisions:
        if isinstance(decision, Open):
            _open(case, gate, decision)
        elif isinstance(decision, Append):
            _append(case, gate, decision)
        elif isinstance(decision, Resolve):
            _resolve(case, gate, decision)
        elif not isinstance(decision, Late):
            _change(case, gate, decision)
    gate.carried_out(case, decisions)


def _open(case: Case, gate: Gate, opened: Open) -> None:
    rule, finding = _explained(case, opened.episodes)
    evidence = opened.episodes[-1].evidence
    row = _row(case, opened.alert, finding) | {
        "organisation": case.organisation,
        "patient": case.patient,
        "rule_key": rule.key,
        "direction": rule.direction,
        "severity": opened.severity,
        "peak": opened.peak,
        "more": len(evidence),
    }
    case.connection.execute(INSERT, row)
    _record(case, "opened", opened.alert, opened.severity, rule.version)
    _add_readings(case, opened.alert, rule, evidence)
    reached("opened")
    _give_task(case, gate, opened.alert, rule, evidence)


def _append(case: Case, gate: Gate, more: Append) -> None:
    rule, finding = _explained(case, more.episodes)
    row = _row(case, more.alert, finding) | {"more": len(more.evidence)}
    case.connection.execute(EXPLAIN, row)
    _record(case, "evidence_added", more.alert, None, rule.version, quiet=EVIDENCE_EVERY)
    _add_readings(case, more.alert, rule, more.evidence)
    if more.asks_for_work:
        _give_task(case, gate, more.alert, rule, more.evidence)
    else:
        add_evidence(case, more.alert, rule, more.evidence)


def _change(case: Case, gate: Gate, change: Raise | Lower | Reopen) -> None:
    """Severity and state follow the readings; the task's priority follows new evidence only."""
    rule, finding = _explained(case, change.episodes)
    row = _row(case, change.alert, finding) | {"severity": change.severity}
    if isinstance(change, Raise):
        case.connection.execute(RAISE, row | {"peak": change.peak})
    else:
        case.connection.execute(LOWER if isinstance(change, Lower) else REOPEN, row)
    if isinstance(change, Reopen):
        _task_again(case, gate, change, rule)
    event = {Raise: "raised", Lower: "lowered", Reopen: "reopened"}[type(change)]
    _record(case, event, change.alert, change.severity, rule.version)


def _task_again(case: Case, gate: Gate, reopened: Reopen, rule: Rule) -> None:
    """Take back the end of a task that ended by itself, or never was, since its reason is gone."""
    evidence = [each for episode in reopened.episodes for each in episode.evidence]
    ended = case.connection.execute(ENDED_ITSELF, [reopened.alert]).fetchone()
    if ended is not None and any(not each.late for each in evidence):
        _give_task(case, gate, reopened.alert, rule, evidence)


def _resolve(case: Case, gate: Gate, resolve: Resolve) -> None:
    row = {"now": case.now, "until": resolve.until, "alert": resolve.alert}
    found = case.connection.execute(RESOLVE, row).fetchone()
    if found is None:
        return
    code = resolve.why.name.lower()
    _record(case, "resolved", resolve.alert, None, None, why=resolve.why, code=code)
    gate.passed(case, resolve.alert, RESOLVED)
    note_resolved(case, resolve.alert, found["rule_key"], found["direction"], resolve.why)


def _give_task(
    case: Case, gate: Gate, alert: UUID, rule: Rule, evidence: Sequence[Evidence]
) -> None:
    if gate.holds_back(case, alert):
        return
    gate.passed(case, alert)
    task, new = ensure_task(case, alert, rule, evidence)
    case.connection.execute(LINK_TASK, {"task": task, "new": new, "alert": alert})


def _add_readings(case: Case, alert: UUID, rule: Rule, evidence: Sequence[Evidence]) -> None:
    rows = [
        {
            "alert": alert,
            "reading": each.observation.reading_id,
            "organisation": case.organisation,
            "patient": case.patient,
            "measured_at": each.observation.measured_at,
            "rule_key": rule.key,
            "direction": rule.direction,
            "severity": each.severity,
            "late": each.late,
            "now": case.now,
        }
        for each in evidence
    ]
    with case.connection.cursor() as cursor:
        cursor.executemany(ADD_READINGS, rows)


def _explained(case: Case, episodes: Episodes) -> tuple[Rule, Finding]:
    return episodes[-1].rule, explain(episodes, case.zone, case.units)


def _row(case: Case, alert: UUID, finding: Finding) -> dict[str, Any]:
    return {
        "alert": alert,
        "rule_version": finding.rule_version,
        "since": finding.since,
        "now": case.now,
        "explanation": Jsonb(finding.model_dump(mode="json")),
        "sentence": finding.sentence,
    }


def _record(
    case: Case,
    event: str,
    alert: UUID,
    severity: str | None,
    rule_version: int | None,
    **detail: Any,
) -> None:
    record(
        case.connection,
        case.organisation,
        event,
        case.now,
        alert=alert,
        severity=severity,
        rule_version=rule_version,
        **detail,
    )


__all__ = ["Case", "carry_out", "load_packs"]
