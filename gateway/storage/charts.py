"""Patients' charts as alerting sees them: bounded, however long an alert stays open.

For each component: what is new and what was measured since, and the readings just before. An
alert that began earlier goes on from the state in which it is stored, with some of its evidence.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from alerting.bands import SYMPTOMS
from alerting.findings import SHOWN
from alerting.model import TAKES_PART, Carried, Direction, Evidence, Observation, Rule, Severity
from alerting.pipeline.deduplicate import AlertState, StoredAlert, to_carry
from gateway.storage.database import Connection
from gateway.storage.duties import Duties
from gateway.storage.symptoms import observed

# A rule looks back on 10 readings at most (`Clear`); the rest is for what comes out of order.
HISTORY: Final = 20

STARTS: Final = """
SELECT c.patient, c.name, coalesce((SELECT min(x.measured_at) FROM (
    SELECT v.measured_at FROM reading_value v
    WHERE v.patient_id = c.patient AND v.name = c.name AND v.measured_at < c.earliest
      AND v.validity = ANY(%(validities)s)
    ORDER BY v.measured_at DESC LIMIT %(history)s) x), c.earliest) AS start
FROM unnest(%(patients)s::uuid[], %(names)s::text[], %(earliest)s::timestamptz[])
    AS c(patient, name, earliest)"""

_OBSERVATION: Final = """
v.reading_id, v.measured_at, r.received_at, r.stored_at, v.name AS component, v.unit,
       v.validity, v.number, v.absent, v.ordinal, r.flags"""

# OFFSET 0: each patient by the index, never whole tables, whatever the statistics say.
OBSERVATIONS: Final = f"""
SELECT c.patient, {_OBSERVATION}
FROM unnest(%(patients)s::uuid[], %(organisations)s::uuid[], %(names)s::text[],
    %(starts)s::timestamptz[]) AS c(patient, organisation, name, start)
CROSS JOIN LATERAL (
    SELECT * FROM reading_value WHERE patient_id = c.patient AND name = c.name
      AND measured_at >= c.start AND measured_at >= %(first)s AND reading_id <> ALL(%(aside)s)
    OFFSET 0) AS v
CROSS JOIN LATERAL (
    SELECT received_at, stored_at, flags FROM reading
    WHERE id = v.reading_id AND measured_at = v.measured_at AND measured_at >= %(first)s
      AND organisation_id = c.organisation AND patient_id = c.patient OFFSET 0) AS r
"""  # noqa: S608 - constants only

# With each its evidence, as far as it is of the readings at hand.
ALERTS: Final = """
WITH held AS MATERIALIZED (
    SELECT alert_id, array_agg(reading_id) AS evidence FROM alert_reading
    WHERE patient_id = ANY(%(patients)s) AND reading_id = ANY(%(readings)s) GROUP BY alert_id
)
SELECT a.patient_id, a.id, a.rule_key, a.direction, a.state, a.severity, a.peak_severity AS peak,
    a.since, a.until, a.readings, coalesce(h.evidence, '{}') AS evidence
FROM unnest(%(patients)s::uuid[], %(earliest)s::timestamptz[]) AS c(patient, earliest)
JOIN alert a ON a.patient_id = c.patient LEFT JOIN held h ON h.alert_id = a.id
WHERE a.state <> 'resolved' OR a.until >= c.earliest OR h.alert_id IS NOT NULL"""

# What opened an alert, the worst of it and the newest, of what is not read anyway.
CARRIED: Final = f"""
WITH old AS NOT MATERIALIZED (
    SELECT reading_id, measured_at, late, severity FROM alert_reading
    WHERE alert_id = %(alert)s AND measured_at < %(start)s AND reading_id <> ALL(%(aside)s)
), kept AS (
    (SELECT reading_id, measured_at FROM old ORDER BY measured_at LIMIT 1) UNION
    (SELECT reading_id, measured_at FROM old ORDER BY late, severity, measured_at DESC LIMIT 1)
    UNION (SELECT reading_id, measured_at FROM old ORDER BY measured_at DESC LIMIT %(shown)s)
)
SELECT {_OBSERVATION}
FROM kept k JOIN reading r ON r.id = k.reading_id AND r.measured_at = k.measured_at
JOIN reading_value v ON v.reading_id = k.reading_id AND v.measured_at = k.measured_at
WHERE v.name = ANY(%(components)s) AND r.organisation_id = %(organisation)s"""  # noqa: S608 - constants only


TOLD: Final = "SELECT explanation -> 'evidence' AS evidence FROM alert WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Chart:
    """What an evaluation needs; `carried` and `since` by the key of the rule."""

    observations: Sequence[Observation]
    alerts: Sequence[StoredAlert]
    carried: Mapping[str, Carried]
    since: Mapping[str, datetime]


def read_charts(
    connection: Connection, asked: Sequence[tuple[Duties, Sequence[Rule]]]
) -> list[Chart]:
    """Return what the duties and rules of each of these patients need."""
    starts = _starts(connection, asked)
    since = [
        {rule.key: min(start[name] for name in rule.components) for rule in rules}
        for start, (_, rules) in zip(starts, asked, strict=True)
    ]
    seen = _observations(
        connection,
        [
            (duties, _looked_back(rules, start, begun))
            for (duties, rules), start, begun in zip(asked, starts, since, strict=True)
        ],
    )
    found = _alerts(connection, [duties for duties, _ in asked], seen)
    return [
        _chart(connection, duties, rules, begun, seen[duties.patient], found[duties.patient])
        for (duties, rules), begun in zip(asked, since, strict=True)
    ]


def _chart(
    connection: Connection,
    duties: Duties,
    rules: Sequence[Rule],
    since: Mapping[str, datetime],
    seen: Sequence[Observation],
    found: Sequence[tuple[StoredAlert, int]],
) -> Chart:
    answers = _answers(connection, duties, rules, since)
    alerts = {alert.id: alert for alert, _ in found}
    counted = {alert.id: count for alert, count in found}
    carried: dict[str, Carried] = {}
    for rule in rules if alerts else ():
        start = since[rule.key]
        alert = to_carry(tuple(alerts.values()), rule, start, duties.earliest)
        if alert is None:
            continue
        old = _carried(connection, duties, alert.id, rule, start)
        ids = frozenset(each.reading_id for each in old)
        earlier = max(0, counted[alert.id] - len(ids | alert.evidence))
        carried[rule.key] = Carried(
            severity=alert.severity,
            observations=tuple(old),
            earlier=earlier,
            told=_told(connection, alert.id, ids) if rule.looks_back else (),
        )
        alerts[alert.id] = replace(alert, evidence=alert.evidence | ids)
    return Chart([*seen, *answers], tuple(alerts.values()), carried, since)


def _looked_back(
    rules: Iterable[Rule], starts: Mapping[str, datetime], since: Mapping[str, datetime]
) -> dict[str, datetime]:
    """Return from when on each component is read: a rule may look back from what it judges."""
    first = dict(starts)
    for rule in rules:
        for name in rule.components:
            first[name] = min(first[name], since[rule.key] - rule.looks_back)
    return first


def _answers(
    connection: Connection,
    duties: Duties,
    rules: Iterable[Rule],
    since: Mapping[str, datetime],
) -> list[Observation]:
    """Return what the patient told of symptoms, where a rule's limits depend on it."""
    first = min((since[r.key] - r.looks_back for r in rules if SYMPTOMS in r.reads), default=None)
    if first is None:
        return []
    rows = observed(connection, duties.organisation, duties.patient, first)
    return _in_zone(duties.zone, rows)


def _told(connection: Connection, alert: UUID, ids: frozenset[UUID]) -> tuple[Evidence, ...]:
    """Return what an alert's explanation says of these readings."""
    row = connection.execute(TOLD, [alert]).fetchone()
    told = (Evidence.model_validate(each) for each in (row or {"evidence": []})["evidence"])
    return tuple(each for each in told if each.observation.reading_id in ids)


def _starts(
    connection: Connection, asked: Sequence[tuple[Duties, Sequence[Rule]]]
) -> list[dict[str, datetime]]:
    """Return for each patient from when on each component is judged."""
    wanted = [
        (duties, name)
        for duties, rules in asked
        for name in sorted({name for rule in rules for name in rule.components})
    ]
    row = {
        "patients": [duties.patient for duties, _ in wanted],
        "names": [name for _, name in wanted],
        "earliest": [duties.earliest for duties, _ in wanted],
        "validities": sorted(TAKES_PART),
        "history": HISTORY,
    }
    found: dict[UUID, dict[str, datetime]] = {duties.patient: {} for duties, _ in asked}
    for each in connection.execute(STARTS, row):
        found[each["patient"]][each["name"]] = each["start"]
    return [found[duties.patient] for duties, _ in asked]


def _observations(
    connection: Connection, asked: Sequence[tuple[Duties, Mapping[str, datetime]]]
) -> dict[UUID, list[Observation]]:
    wanted = [(each, name, start) for each, starts in asked for name, start in starts.items()]
    row = {
        "patients": [duties.patient for duties, _, _ in wanted],
        "organisations": [duties.organisation for duties, _, _ in wanted],
        "names": [name for _, name, _ in wanted],
        "starts": [start for _, _, start in wanted],
        "first": min((start for _, _, start in wanted), default=None),
        "aside": [reading for duties, _ in asked for reading in duties.aside],
    }
    found: dict[UUID, list[dict[str, Any]]] = {duties.patient: [] for duties, _ in asked}
    for each in connection.execute(OBSERVATIONS, row):
        found[each.pop("patient")].append(each)
    return {duties.patient: _in_zone(duties.zone, found[duties.patient]) for duties, _ in asked}


def _alerts(
    connection: Connection,
    asked: Sequence[Duties],
    seen: Mapping[UUID, Sequence[Observation]],
) -> dict[UUID, list[tuple[StoredAlert, int]]]:
    """Return for each patient alerts, with how many readings each has in all."""
    row = {
        "patients": [duties.patient for duties in asked],
        "earliest": [duties.earliest for duties in asked],
        "readings": list(
            {each.reading_id for some in seen.values() for each in some}.union(
                *(duties.aside for duties in asked)
            )
        ),
    }
    found: dict[UUID, list[tuple[StoredAlert, int]]] = {duties.patient: [] for duties in asked}
    for each in connection.execute(ALERTS, row):
        found[each["patient_id"]].append((_alert(each), each["readings"]))
    return found


def _alert(row: dict[str, Any]) -> StoredAlert:
    return StoredAlert(
        id=row["id"],
        rule_key=row["rule_key"],
        direction=Direction(row["direction"]),
        state=AlertState(row["state"]),
        severity=Severity(row["severity"]),
        peak=Severity(row["peak"]),
        since=row["since"],
        evidence=frozenset(row["evidence"]),
        until=row["until"],
    )


def _carried(
    connection: Connection, duties: Duties, alert: UUID, rule: Rule, start: datetime
) -> list[Observation]:
    asked = {
        "organisation": duties.organisation,
        "alert": alert,
        "components": list(rule.components),
        "start": start,
        "aside": list(duties.aside),
        "shown": SHOWN,
    }
    return _in_zone(duties.zone, connection.execute(CARRIED, asked))


def _in_zone(zone: ZoneInfo, rows: Iterable[dict[str, Any]]) -> list[Observation]:
    """Tell rules what the patient's clocks showed, so that they can count the patient's days."""
    return [
        Observation(**row, utc_offset=row["measured_at"].astimezone(zone).utcoffset())
        for row in rows
    ]
