"""What holds tasks back, as rows: snoozes and suppressions of one patient."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from alerting.model import LONGEST_REST, Direction, Severity
from alerting.pipeline.inhibit import Held
from alerting.pipeline.snooze import Snoozed
from gateway.storage.database import Connection

# Who was not reached, or was somebody else, has not been answered.
UNANSWERED: Final = ["no_answer_xN", "wrong_person"]

# One statement for all: it is asked with every decision. A completed task answers for its alert
# like a snooze by who completed it; for how long is its rule's to say, at most until then.
HOLDS: Final = """
SELECT id, rule_key, component, direction, up_to, owner, reason, since, until,
    NULL::uuid AS answers, NULL::uuid AS alert
FROM snooze WHERE patient_id = %(patient)s AND until > %(now)s
UNION ALL
SELECT t.id, t.rule_key, NULL, t.direction, t.priority, t.closed_by,
    'answered, ' || (t.disposition ->> 'outcome'), t.closed_at,
    t.closed_at + %(longest)s, a.id, NULL
FROM alert a JOIN task t ON t.id = a.task_id
WHERE a.patient_id = %(patient)s AND a.state <> 'resolved' AND t.status = 'completed'
  AND t.priority <> 'P1'
  AND t.disposition ->> 'outcome' <> ALL(%(unanswered)s)
  AND t.closed_at + %(longest)s > %(now)s
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, alert_id FROM suppression
WHERE patient_id = %(patient)s AND ended_at IS NULL AND alert_id IS NOT NULL"""

HOLD: Final = """
INSERT INTO suppression AS s (organisation_id, patient_id, alert_id, rule_key, severity, what,
    by_id, reason, since, until, next_action_at)
VALUES (%(organisation)s, %(patient)s, %(alert)s, %(rule_key)s, %(severity)s, %(what)s,
    %(by)s, %(reason)s, %(now)s, %(until)s, %(look_again)s)
ON CONFLICT (alert_id) WHERE ended_at IS NULL AND alert_id IS NOT NULL DO UPDATE SET
    severity = excluded.severity, what = excluded.what, by_id = excluded.by_id,
    reason = excluded.reason, until = excluded.until, next_action_at = excluded.next_action_at
RETURNING s.since = %(now)s AS new"""

LET_GO: Final = """
UPDATE suppression SET ended_at = %(now)s, end_reason = %(why)s
WHERE alert_id = ANY(%(alerts)s) AND ended_at IS NULL"""

LOOK_AGAIN: Final = """
UPDATE suppression SET next_action_at = %s
WHERE patient_id = %s AND ended_at IS NULL AND alert_id IS NOT NULL"""


@dataclass(frozen=True, slots=True)
class Holds:
    """A patient's snoozes that have not ended, and the alerts that are held back now."""

    snoozes: tuple[Snoozed, ...] = ()
    alerts: frozenset[UUID] = frozenset()


def holds(connection: Connection, patient: UUID, now: datetime) -> Holds:
    """Return what holds this patient's tasks back."""
    asked = {
        "patient": patient,
        "now": now,
        "longest": LONGEST_REST,
        "unanswered": UNANSWERED,
    }
    rows = connection.execute(HOLDS, asked).fetchall()
    alerts = frozenset(row.pop("alert") for row in rows)
    return Holds(
        tuple(
            Snoozed(
                **row | {"direction": Direction(row["direction"]), "up_to": Severity(row["up_to"])}
            )
            for row in rows
            if row["id"] is not None
        ),
        alerts - {None},
    )


def hold(
    connection: Connection, organisation: UUID, patient: UUID, held: Held, now: datetime
) -> bool:
    """Write that an alert is held back, or why it still is; tell whether it was not before."""
    row = {
        "organisation": organisation,
        "patient": patient,
        "alert": held.asked.alert,
        "rule_key": held.asked.rule.key,
        "severity": held.asked.severity,
        "what": held.what,
        "by": held.by,
        "reason": held.reason,
        "now": now,
        "until": held.until,
        "look_again": held.look_again,
    }
    found = connection.execute(HOLD, row).fetchone()
    return bool(found and found["new"])


def let_go(connection: Connection, alerts: Iterable[UUID], why: str, now: datetime) -> None:
    """Write that these are not held back any more."""
    connection.execute(LET_GO, {"alerts": list(alerts), "why": why, "now": now})


def look_again(connection: Connection, patient: UUID, now: datetime) -> None:
    """Ask anew, at once, of all alerts that are held back."""
    connection.execute(LOOK_AGAIN, [now, patient])
