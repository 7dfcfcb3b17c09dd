"""Opens the tasks of alerts that were held back, when the reason has ended and they still go on."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from pydantic import ValidationError

from alerting.model import Evidence, Rule, Severity
from alerting.pipeline.inhibit import Asked, Held, Live
from alerting.pipeline.suppress import suppress
from alerting.rules import kinds
from gateway.care.from_alerts import Case, ensure_task, lock_tasks
from gateway.care.gate import OPENED, RESOLVED, hold_back
from gateway.fail_points import reached
from gateway.storage.alerts import LINK_TASK
from gateway.storage.database import Connection
from gateway.storage.duties import lock_patients
from gateway.storage.holds import holds, let_go

AT_ONCE: Final = 50

DUE: Final = """
SELECT DISTINCT patient_id FROM suppression
WHERE ended_at IS NULL AND alert_id IS NOT NULL AND next_action_at <= %s LIMIT %s"""
LATER: Final = """
UPDATE suppression SET next_action_at = %s + interval '1 minute'
WHERE patient_id = %s AND ended_at IS NULL AND alert_id IS NOT NULL AND next_action_at <= %s"""
WHOSE: Final = """
SELECT p.organisation_id, p.timezone, o.units
FROM patient p JOIN organisation o ON o.id = p.organisation_id WHERE p.id = %s"""
ALERTS: Final = """
SELECT a.id, a.severity, a.state, a.explanation FROM alert a
WHERE a.patient_id = %s AND (a.state <> 'resolved' OR a.id = ANY(%s))"""

log = structlog.get_logger()


class AsTold(Rule):
    """A rule that another version of the program wrote: what a task needs of it.

    It inhibits nobody, and nobody inhibits it.
    """

    @property
    def components(self) -> tuple[str, ...]:
        """See `Rule`."""
        return ()


def release(connection: Connection, now: datetime) -> int:
    """Ask anew for all that is due; return how many tasks were opened. Autocommit."""
    rows = connection.execute(DUE, [now, AT_ONCE]).fetchall()
    return sum(_safely(connection, row["patient_id"], now) for row in rows)


def _safely(connection: Connection, patient: UUID, now: datetime) -> int:
    """See that one patient who fails holds up no other; it is tried again."""
    try:
        with connection.transaction():
            return release_patient(connection, patient, now)
    except Exception as error:
        if connection.broken:
            raise
        name = type(error).__name__
        log.error("release_failed", patient=str(patient), error=name)  # noqa: TRY400
        with connection.transaction():
            connection.execute(LATER, [now, patient, now])
        return 0


def release_patient(connection: Connection, patient: UUID, now: datetime) -> int:
    """Ask anew what of one patient is held back; 0 where another process has the patient."""
    if not lock_patients(connection, [patient]):
        return 0
    tasks = lock_tasks(connection, [patient])[patient]
    held = holds(connection, patient, now)
    row = connection.execute(WHOSE, [patient]).fetchone()
    if row is None or not held.alerts:
        return 0
    zone = ZoneInfo(row["timezone"])
    case = Case(connection, row["organisation_id"], patient, zone, now, row["units"])
    alerts = connection.execute(ALERTS, [patient, list(held.alerts)]).fetchall()
    over = {alert["id"] for alert in alerts if alert["state"] == "resolved"}
    if over:
        let_go(connection, over, RESOLVED, now)
    by_id = {alert["id"]: alert for alert in alerts if alert["id"] not in over}
    live = {id_: Live(id_, _rule(a), Severity(a["severity"])) for id_, a in by_id.items()}
    asked = [
        Asked(id_, each.rule, each.severity) for id_, each in live.items() if id_ in held.alerts
    ]
    opened = 0
    for each in suppress(asked, live.values(), tasks, held.snoozes, now):
        if isinstance(each, Held):
            hold_back(case, each)
        else:
            _open(case, each, by_id[each.alert])
            opened += 1
    reached("released")
    return opened


def _open(case: Case, asked: Asked, alert: dict[str, Any]) -> None:
    told = [Evidence.model_validate(each) for each in alert["explanation"]["evidence"]]
    task, new = ensure_task(case, asked.alert, asked.rule, told, asked.severity)
    case.connection.execute(LINK_TASK, {"task": task, "new": new, "alert": asked.alert})
    let_go(case.connection, [asked.alert], OPENED, case.now)


def _rule(alert: dict[str, Any]) -> Rule:
    """Return the rule as it was in force when the alert was last explained."""
    parameters = alert["explanation"]["parameters"]
    try:
        rule: Rule = kinds()[parameters["kind"]].rule.model_validate(parameters)
    except (KeyError, ValidationError):
        log.error("rule_cannot_be_read", rule=parameters["key"], alert=str(alert["id"]))  # noqa: TRY400
        fields = AsTold.model_fields.keys() & parameters.keys()
        return AsTold.model_validate({name: parameters[name] for name in fields})
    return rule
