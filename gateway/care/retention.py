"""What is deleted when nobody needs it any more. The history of alerts and tasks says it for good.

A message holds somebody's address: it goes soon after its tasks are closed. Of the watchdog each
organisation keeps the newest run that was proved, and that failed, however old.
"""

from datetime import datetime, timedelta
from typing import Final

from gateway.storage.database import Connection

# All of these are judgments (J).
MESSAGES: Final = timedelta(days=90)
LADDERS: Final = timedelta(days=30)
"""After the task was closed."""
WATCHDOG_RUNS: Final = timedelta(days=30)
TOLD: Final = timedelta(days=30)
"""After it was told elsewhere, or applied from there."""
AT_ONCE: Final = 1000

# Not while a task is open: whether somebody was told of it is asked of these.
MESSAGE: Final = """
DELETE FROM notification WHERE id IN (
    SELECT id FROM notification n WHERE state <> 'due' AND created_at < %(before)s
      AND NOT EXISTS (SELECT FROM task t WHERE t.id = ANY(n.tasks) AND t.closed_at IS NULL)
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED)"""
LADDER: Final = """
DELETE FROM escalation WHERE task_id IN (
    SELECT e.task_id FROM escalation e JOIN task t ON t.id = e.task_id
    WHERE e.next_action_at IS NULL AND t.closed_at < %(before)s
    LIMIT %(limit)s FOR UPDATE OF e SKIP LOCKED)"""
WATCHDOG_RUN: Final = """
DELETE FROM watchdog_run WHERE id IN (
    SELECT id FROM watchdog_run r WHERE over_at < %(before)s AND EXISTS (
        SELECT FROM watchdog_run n WHERE n.organisation_id = r.organisation_id
          AND n.state = r.state AND n.begun_at > r.begun_at)
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED)"""

OUTBOX: Final = """
DELETE FROM outbox WHERE id IN (SELECT id FROM outbox
    WHERE state = 'sent' AND settled_at < %(before)s LIMIT %(limit)s FOR UPDATE SKIP LOCKED)"""
INBOX: Final = """
DELETE FROM inbox WHERE id IN (SELECT id FROM inbox
    WHERE state IN ('applied', 'unchanged', 'refused') AND settled_at < %(before)s
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED)"""

PERIODS: Final = (
    (MESSAGE, MESSAGES),
    (LADDER, LADDERS),
    (WATCHDOG_RUN, WATCHDOG_RUNS),
    (OUTBOX, TOLD),
    (INBOX, TOLD),
)


def delete_old(connection: Connection, now: datetime) -> int:
    """Delete some of what is old enough; return how many rows. The rest goes the next time."""
    return sum(
        connection.execute(statement, {"before": now - period, "limit": AT_ONCE}).rowcount
        for statement, period in PERIODS
    )
