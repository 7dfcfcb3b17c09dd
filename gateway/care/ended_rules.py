"""Alerts whose rule was taken away from their patient end, with their task or a word to who has it.

A rule is taken away by limits that say `off`, by leaving a programme, by joining one whose rule
stands in for it, or with its pack. No reading of the patient would ever end such an alert.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from alerting.model import Rule
from alerting.pipeline.decisions import Resolve, Why
from gateway.care.evaluate import in_force
from gateway.care.from_alerts import Case, lock_tasks
from gateway.care.gate import Gate
from gateway.storage.alerts import carry_out
from gateway.storage.database import Connection
from gateway.storage.duties import lock_patients
from gateway.storage.holds import holds
from gateway.storage.rules import Scope, scopes

AT_ONCE: Final = 200
PACK_AWAY: Final = timedelta(days=1)
"""So long a worker runs before it takes a rule of no pack for one that was taken away (J): one of
another version, or started without the site's packs, must not end what the others open."""
START: Final = UUID(int=0)

PATIENTS: Final = """
SELECT DISTINCT patient_id FROM alert WHERE state <> 'resolved' AND patient_id > %s
ORDER BY patient_id LIMIT %s"""
ALERTS: Final = """
SELECT a.id, a.rule_key, p.organisation_id, p.timezone, o.units
FROM alert a JOIN patient p ON p.id = a.patient_id
JOIN organisation o ON o.id = p.organisation_id
WHERE a.patient_id = %s AND a.state <> 'resolved' AND a.rule_key = ANY(%s)"""
KEYS: Final = """
SELECT patient_id, array_agg(DISTINCT rule_key) AS keys FROM alert
WHERE state <> 'resolved' AND patient_id = ANY(%s) GROUP BY patient_id"""


class EndedRules:
    """Looks at the patients who have alerts, some of them each time, in turn."""

    def __init__(self, rules: Mapping[str, Rule], began: datetime) -> None:
        self._rules = rules
        self._began = began
        self._after = START

    def look(self, connection: Connection, now: datetime) -> int:
        """End the alerts whose rule was taken away; return how many. Call it in a transaction."""
        rows = connection.execute(PATIENTS, [self._after, AT_ONCE]).fetchall()
        patients = [row["patient_id"] for row in rows]
        self._after = patients[-1] if len(patients) == AT_ONCE else START
        scope = scopes(connection, patients, now)
        found = connection.execute(KEYS, [patients]).fetchall()
        ended = {
            row["patient_id"]: self._ended(row, scope[row["patient_id"]], now) for row in found
        }
        mine = lock_patients(connection, [patient for patient, keys in ended.items() if keys])
        lock_tasks(connection, mine)
        return sum(_end(connection, patient, ended[patient], now) for patient in mine)

    def _ended(self, row: Mapping[str, Any], scope: Scope, now: datetime) -> list[str]:
        rules = in_force(scope.rules(self._rules.values()), scope.overrides, now, row["patient_id"])
        holding = {rule.key for rule in rules}
        known = now >= self._began + PACK_AWAY
        return [key for key in row["keys"] if key not in holding and (known or key in self._rules)]


def _end(connection: Connection, patient: UUID, keys: list[str], now: datetime) -> int:
    rows = connection.execute(ALERTS, [patient, keys]).fetchall()
    for row in rows:
        zone = ZoneInfo(row["timezone"])
        case = Case(connection, row["organisation_id"], patient, zone, now, row["units"])
        before = holds(connection, patient, now).alerts
        carry_out(case, [Resolve(row["id"], Why.RULE_ENDED, None)], Gate(before=before))
    return len(rows)
