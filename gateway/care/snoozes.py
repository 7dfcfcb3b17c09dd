"""Snoozes: made from a task, with an owner and a reason; they always end."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from alerting.model import Severity
from alerting.pipeline.snooze import longest
from alerting.ports import Purpose
from gateway.care.moves import CLOSED, Status
from gateway.errors import Conflict, NotFound, WrongInput
from gateway.storage.database import Connection
from gateway.storage.events import record
from gateway.storage.holds import look_again
from gateway.storage.notifications import Telling, held_by_snooze

LOCK: Final = """
SELECT t.organisation_id, t.patient_id, t.rule_key, t.direction, t.priority, t.status,
       a.explanation -> 'parameters' ->> 'component' AS component
FROM task t LEFT JOIN alert a ON a.id = t.alert_id WHERE t.id = %s FOR UPDATE OF t"""
INSERT: Final = """
INSERT INTO snooze (id, organisation_id, patient_id, rule_key, component, direction, up_to, owner,
    reason, since, until)
VALUES (%(id)s, %(organisation_id)s, %(patient_id)s, %(rule_key)s, %(component)s, %(direction)s,
    %(up_to)s, %(owner)s, %(reason)s, %(now)s, %(until)s)"""
# What was on its way is not sent; when the snooze ends, the next step comes at once.
WAIT: Final = """
UPDATE escalation SET next_action_at = %(until)s, hurry = true
WHERE task_id = %(task)s AND next_action_at IS NOT NULL"""
KEEP_BACK: Final = """
UPDATE notification SET state = 'cancelled', next_action_at = NULL, error = 'snoozed'
WHERE tasks = ARRAY[%(task)s::uuid] AND state = 'due'"""
END: Final = """
UPDATE snooze SET until = %(now)s
WHERE patient_id = %(patient_id)s AND direction = %(direction)s AND until > %(now)s
  AND since < %(now)s AND (rule_key = %(rule_key)s OR component = %(component)s) RETURNING id"""
ASK_AGAIN: Final = """
UPDATE suppression SET next_action_at = %(now)s
WHERE by_id = ANY(%(ids)s) AND alert_id IS NOT NULL AND ended_at IS NULL"""
RING_AGAIN: Final = """
UPDATE escalation SET next_action_at = %(now)s
WHERE next_action_at IS NOT NULL AND task_id IN (
    SELECT id FROM task WHERE patient_id = %(patient_id)s AND direction = %(direction)s)"""


def snooze_task(
    connection: Connection,
    task: UUID,
    owner: str,
    reason: str,
    length: timedelta,
    now: datetime,
    *,
    whole_component: bool = False,
) -> datetime:
    """Keep a task, and new alerts like it that are no worse, quiet for a time; return its end.

    Raises NotFound, Conflict, WrongInput.
    """
    row = _lock(connection, task)
    up_to = Severity(row["priority"])
    _check(row, up_to, reason, length, whole_component)
    until = now + length
    only = {"component": None} if not whole_component else {"rule_key": None}
    told = {"owner": owner, "reason": reason.strip(), "up_to": up_to, "until": until}
    given = row | only | told | {"id": uuid4(), "task": task, "now": now}
    connection.execute(INSERT, given)
    # In the order in which a delivery takes them.
    connection.execute(KEEP_BACK, given)
    connection.execute(WAIT, given)
    place = (row["organisation_id"], row["patient_id"], task, row["rule_key"])
    telling = Telling(*place, up_to, Purpose.REMINDER, 0)
    words = f"snoozed by {owner}: {given['reason']}"
    held_by_snooze(connection, telling, given["id"], words, until, now)
    look_again(connection, row["patient_id"], now)
    until_text = until.isoformat(timespec="seconds")
    detail = {"reason": given["reason"], "until": until_text, "whole_component": whole_component}
    organisation = row["organisation_id"]
    record(
        connection, organisation, "snoozed", now, task=task, actor=owner, severity=up_to, **detail
    )
    return until


def wake_task(connection: Connection, task: UUID, by: str, now: datetime) -> int:
    """End the snoozes that cover a task; return how many. Raises NotFound."""
    row = _lock(connection, task) | {"now": now}
    ids = [found["id"] for found in connection.execute(END, row).fetchall()]
    if ids:
        connection.execute(ASK_AGAIN, row | {"ids": ids})
        connection.execute(RING_AGAIN, row)
        record(connection, row["organisation_id"], "woken", now, task=task, actor=by)
    return len(ids)


def _check(
    row: dict[str, Any], up_to: Severity, reason: str, length: timedelta, whole_component: bool
) -> None:
    if Status(row["status"]) in CLOSED:
        raise Conflict("This task is closed; there is nothing to snooze.")
    if row["rule_key"] is None or row["direction"] is None:
        raise Conflict("This task is of no rule with a direction; take it instead.")
    if whole_component and row["component"] is None:
        raise WrongInput("This rule is about more than one value; snooze it without --component.")
    if len(reason.strip()) < 3:
        raise WrongInput("A snooze needs a reason.")
    if not timedelta(0) < length <= longest(up_to):
        most = int(longest(up_to).total_seconds() // 3600)
        raise WrongInput(f"A snooze of {up_to} ends within {most} hours.")


def _lock(connection: Connection, task: UUID) -> dict[str, Any]:
    row = connection.execute(LOCK, [task]).fetchone()
    if row is None:
        raise NotFound(f"No task {task}; `hearthline-gateway tasks list` shows what there is.")
    return row
