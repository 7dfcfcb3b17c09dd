"""Sends notifications that are due: one row, one transaction, one message.

Who dies between the sending and the commit sends again, with the same key: twice rather than never.
What cannot be delivered is told so, and the task goes on to the next step of its ladder.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog

from alerting.model import Severity
from alerting.pipeline.inhibit import What
from alerting.ports import Delivered, Message, Notifier, Outcome, Policy, Purpose, Refused, Retry
from gateway.care.moves import CLOSED, Status
from gateway.fail_points import reached
from gateway.storage import notifications
from gateway.storage.database import Connection
from gateway.storage.events import record
from gateway.storage.rosters import directory

TAKE: Final = """
SELECT * FROM notification WHERE state = 'due' AND next_action_at <= %s
ORDER BY priority, next_action_at, id LIMIT 1 FOR UPDATE SKIP LOCKED"""
TASKS: Final = """
SELECT id, status, queue, title, priority, accepted_at FROM task WHERE id = ANY(%s)
ORDER BY priority, created_at, id"""
SETTLE: Final = """
UPDATE notification SET state = %(state)s, attempts = %(attempts)s, next_action_at = %(next)s,
    sent_at = %(sent_at)s, error = %(error)s WHERE id = %(id)s"""
# Up the ladder at once, where no other way was found; at its end the repeats go on by themselves.
HURRY: Final = """
UPDATE escalation e SET next_action_at = least(next_action_at, %(now)s), hurry = true
WHERE task_id = ANY(%(tasks)s) AND next_action_at IS NOT NULL AND NOT banner
  AND NOT EXISTS (SELECT FROM notification n WHERE n.tasks @> ARRAY[e.task_id]
      AND n.created_at >= %(since)s AND n.state IN ('due', 'sent'))"""

LATER: Final = "UPDATE notification SET next_action_at = %s WHERE id = %s AND state = 'due'"

AGAIN: Final = timedelta(minutes=1)
FIRST_WAIT: Final = timedelta(seconds=5)
LONGEST_WAIT: Final = timedelta(minutes=5)
# 5, 10, 20 and 40 s: P1's next step comes after 5 minutes anyway.
ATTEMPTS: Final = 5
# A channel may take 20 s. What comes meanwhile is not due at the time of this pass, and may be P1.
AT_ONCE: Final = 1

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Delivery:
    """Delivers by the channels that the site has set up."""

    notifiers: Mapping[str, Notifier]

    def deliver(self, connection: Connection, now: datetime) -> int:
        """Send some of what is due, the most urgent first; return how many rows. Autocommit.

        Call it again with the time of then, until nothing is due.
        """
        done = 0
        while done < AT_ONCE:
            row: dict[str, Any] | None = None
            try:
                with connection.transaction():
                    row = connection.execute(TAKE, [now]).fetchone()
                    if row is None:
                        return done
                    self._one(connection, row, now)
            except Exception as error:
                if connection.broken or row is None:
                    raise
                # Our own mistake, and not the channel's: the others are not held up by it.
                name = type(error).__name__
                log.error("delivery_failed", notification=str(row["id"]), error=name)  # noqa: TRY400
                with connection.transaction():
                    connection.execute(LATER, [now + AGAIN, row["id"]])
            done += 1
        return done

    def _one(self, connection: Connection, row: dict[str, Any], now: datetime) -> None:
        tasks = connection.execute(TASKS, [row["tasks"]]).fetchall()
        wanted = [task for task in tasks if _wanted(row, task)]
        if not wanted and row["purpose"] != Purpose.TEST:
            _settle(connection, row, "cancelled", error="its tasks were taken or closed")
            return
        policy = directory(connection, row["organisation_id"], now).roster.policy
        outcome = self._send(_message(row, wanted, policy))
        reached("sent")
        _became(connection, row, [task["id"] for task in wanted], outcome, now)
        reached("settled")

    def _send(self, message: Message) -> Outcome:
        notifier = self.notifiers.get(message.channel)
        if notifier is None:
            return Refused("this site has not set up this channel")
        try:
            return notifier.send(message)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are told
            return Retry(type(error).__name__)


def _wanted(row: dict[str, Any], task: dict[str, Any]) -> bool:
    """Tell whether a task still needs this message: nobody has taken it since, or it is overdue."""
    status = Status(task["status"])
    if status in CLOSED:
        return False
    taken_before = task["accepted_at"] is not None and task["accepted_at"] < row["created_at"]
    return row["purpose"] == Purpose.OVERDUE or status is Status.REQUESTED or taken_before


def _message(row: dict[str, Any], tasks: list[dict[str, Any]], policy: Policy) -> Message:
    first = tasks[0] if tasks else None
    titled = first is not None and policy is Policy.TITLE
    return Message(
        id=row["id"],
        organisation=row["organisation_id"],
        task=first["id"] if first else None,
        tasks=len(tasks),
        priority=Severity(first["priority"] if first else row["priority"]),
        purpose=Purpose(row["purpose"]),
        channel=row["channel"],
        address=row["address"],
        language=row["language"],
        queue=first["queue"] if first else None,
        title=first["title"] if first and titled else None,
    )


def _became(
    connection: Connection,
    row: dict[str, Any],
    tasks: list[UUID],
    outcome: Outcome,
    now: datetime,
) -> None:
    attempts = row["attempts"] + 1
    if isinstance(outcome, Delivered):
        _settle(connection, row, "sent", attempts=attempts, sent_at=now)
        notifications.told(connection, tasks, now, (What.QUIET, What.DIGEST))
        _tell(connection, row, tasks, "notified", now)
    elif isinstance(outcome, Retry) and attempts < ATTEMPTS:
        wait = max(outcome.after, min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT))
        _settle(connection, row, "due", attempts=attempts, next_=now + wait, error=outcome.error)
    else:
        error = outcome.reason if isinstance(outcome, Refused) else outcome.error
        log.warning("notification_dead", notification=str(row["id"]), channel=row["channel"])
        _settle(connection, row, "dead", attempts=attempts, error=error)
        _tell(connection, row, tasks, "not_notified", now, error=error)
        hurry = {"now": now, "tasks": tasks, "since": row["created_at"]}
        connection.execute(HURRY, hurry)


def _settle(
    connection: Connection,
    row: dict[str, Any],
    state: str,
    *,
    attempts: int | None = None,
    next_: datetime | None = None,
    sent_at: datetime | None = None,
    error: str | None = None,
) -> None:
    connection.execute(
        SETTLE,
        {
            "id": row["id"],
            "state": state,
            "attempts": row["attempts"] if attempts is None else attempts,
            "next": next_,
            "sent_at": sent_at,
            "error": error,
        },
    )


def _tell(
    connection: Connection,
    row: dict[str, Any],
    tasks: list[UUID],
    event: str,
    now: datetime,
    **detail: Any,
) -> None:
    """Add to the history of each task; the address stays in the notification."""
    for task in tasks:
        record(
            connection,
            row["organisation_id"],
            event,
            now,
            task=task,
            severity=row["priority"],
            channel=row["channel"],
            person=row["person"],
            purpose=row["purpose"],
            **detail,
        )
