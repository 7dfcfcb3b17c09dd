"""Lets tasks climb their ladders: whoever is due is told, by rows that a delivery takes up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog

from alerting.model import Severity
from alerting.pipeline.escalate import Climb, Facts, Over, Ring, Wait, escalate
from alerting.pipeline.group import Group, Joined
from alerting.pipeline.notify import Notify
from alerting.pipeline.route import CONSOLE, Directory, Matter, Recipient, Routed, console
from alerting.pipeline.snooze import URGENT, Snoozed
from alerting.ports import Purpose
from gateway.care.moves import CLOSED, Status
from gateway.fail_points import reached
from gateway.storage import notifications
from gateway.storage.database import Connection
from gateway.storage.events import record
from gateway.storage.holds import holds
from gateway.storage.notifications import Telling
from gateway.storage.rosters import directory

# The next ones are found without their alerts: of 10,000 that are due, each would read them all.
TAKE: Final = """
SELECT e.task_id, e.organisation_id, e.priority, e.loop, e.step, e.rings, e.rung_at, e.banner,
       t.status, t.queue, t.rule_key, t.direction, t.patient_id, t.due_ack_at, t.due_at,
       t.created_at, e.hurry, e.round, p.synthetic,
       a.explanation -> 'parameters' ->> 'component' AS component
FROM escalation e JOIN task t ON t.id = e.task_id JOIN patient p ON p.id = t.patient_id
LEFT JOIN alert a ON a.id = t.alert_id
WHERE e.next_action_at <= %(now)s AND e.task_id IN (
    SELECT task_id FROM escalation WHERE next_action_at <= %(now)s
    ORDER BY priority, next_action_at LIMIT 50)
ORDER BY e.priority, e.next_action_at, t.rule_key, e.task_id
LIMIT 1 FOR UPDATE OF e SKIP LOCKED"""
STEP: Final = """
UPDATE escalation SET loop = %(loop)s, step = %(step)s, rings = %(rings)s, rung_at = %(rung_at)s,
    banner = %(banner)s, hurry = false, next_action_at = %(next)s WHERE task_id = %(task)s"""
LATER: Final = "UPDATE escalation SET next_action_at = %s WHERE task_id = %s"
AGAIN: Final = timedelta(minutes=1)
# What comes meanwhile is not due at the time of this pass: a flood must not hold a new P1 up.
AT_ONCE: Final = 20

# Whoever is on call is routed to as always, and then not told: there is no such patient.
WATCHDOG: Final = Recipient(CONSOLE, "watchdog")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Climber:
    """One task in one transaction."""

    connection: Connection
    row: dict[str, Any]
    directory: Directory
    now: datetime

    @property
    def matter(self) -> Matter:
        """Return what routes ask of it."""
        row = self.row
        return Matter(row["queue"], Severity(row["priority"]), row["rule_key"])

    @property
    def facts(self) -> Facts:
        """Return what ladders ask of it.

        Who took it took it as it was: once it is worse, somebody must hear of that.
        """
        row, status = self.row, Status(self.row["status"])
        news = row["round"] > 0 and (row["hurry"] or row["step"] == row["loop"] == 0)
        taken = status is not Status.REQUESTED and not news
        return Facts(taken, status in CLOSED, row["due_ack_at"], row["due_at"])

    def telling(self, purpose: Purpose, ring: int) -> Telling:
        """Return what it tells now."""
        row, matter = self.row, self.matter
        place = (row["organisation_id"], row["patient_id"], row["task_id"], row["rule_key"])
        return Telling(*place, matter.priority, purpose, ring)


def climb(connection: Connection, now: datetime) -> int:
    """Tell some of those who are due, the most urgent first; return how many tasks were looked at.

    Autocommit. Call it again with the time of then, until nothing is due.
    """
    done = 0
    while done < AT_ONCE:
        task: UUID | None = None
        try:
            with connection.transaction():
                row = connection.execute(TAKE, {"now": now}).fetchone()
                if row is None:
                    return done
                task = row["task_id"]
                _one(
                    Climber(
                        connection, row, directory(connection, row["organisation_id"], now), now
                    )
                )
        except Exception as error:
            if connection.broken or task is None:
                raise
            log.error("climb_failed", task=str(task), error=type(error).__name__)  # noqa: TRY400
            with connection.transaction():
                connection.execute(LATER, [now + AGAIN, task])
        done += 1
    return done


def _one(climber: Climber) -> None:
    row = climber.row
    at = Climb(
        step=row["step"],
        loop=row["loop"],
        rings=row["rings"],
        rung_at=row["rung_at"] or row["created_at"],
        banner=row["banner"],
    )
    if snooze := _snoozed(climber):
        telling = climber.telling(Purpose.REMINDER, at.rings)
        words = snooze.words
        notifications.held_by_snooze(
            climber.connection, telling, snooze.id, words, snooze.until, climber.now
        )
        _store(climber, at, snooze.until)
        return
    _step(climber, at)


def _step(climber: Climber, at: Climb) -> None:
    """Ring as long as a step is due; one that reaches nobody lets the next one begin at once."""
    hurry, ladder = climber.row["hurry"], climber.directory.roster.ladders[climber.matter.priority]
    while True:
        move = escalate(ladder, at, climber.facts, climber.now, hurry=hurry)
        if isinstance(move, Over):
            _store(climber, at, None)
            return
        if isinstance(move, Wait):
            _store(climber, move.climb, move.until)
            return
        hurry = not _ring(climber, move) and move.purpose is not Purpose.OVERDUE
        reached("rung")
        at = move.climb


def _snoozed(climber: Climber) -> Snoozed | None:
    """Return the snooze that covers this task at its priority now."""
    row, matter = climber.row, climber.matter
    if row["rule_key"] is None or row["direction"] is None:
        return None
    components = (row["component"],) if row["component"] else ()
    covering = (
        each
        for each in holds(climber.connection, row["patient_id"], climber.now).snoozes
        if each.holds(climber.now)
        and each.answers is None  # an open task has no answer
        and each.covers(row["rule_key"], components, row["direction"], matter.priority)
    )
    return max(covering, key=lambda each: (each.until, each.id), default=None)


def _ring(climber: Climber, ring: Ring) -> bool:
    """Write who is told; False where the roster names somebody and nobody can be reached."""
    telling = climber.telling(ring.purpose, ring.climb.rings)
    routed = Routed(climber.directory, climber.matter)(ring.tell, climber.now)
    if climber.row["synthetic"]:
        routed = (WATCHDOG,)
    means = any(climber.directory.means_somebody(to, climber.matter) for to in ring.tell)
    to = routed or (console(climber.matter.queue),)
    notifications.told(climber.connection, [telling.task], climber.now)
    _write(climber, telling, to)
    record(
        climber.connection,
        telling.organisation,
        "told" if routed or not means else "nobody_to_tell",
        climber.now,
        task=telling.task,
        severity=telling.priority,
        purpose=ring.purpose,
        to=sorted({each.person or each.address for each in to}),
        banner=ring.climb.banner,
    )
    return bool(routed) or not means


def _write(climber: Climber, telling: Telling, to: tuple[Recipient, ...]) -> None:
    connection, now = climber.connection, climber.now
    said: tuple[Recipient | Joined, ...] = to
    if telling.purpose is Purpose.NEW:
        near = notifications.recent(connection, telling, to, now)
        said = Group(telling.task, telling.priority, near)(to, now)
    joined = [each for each in said if isinstance(each, Joined)]
    rest = [each for each in said if isinstance(each, Recipient)]
    rest += notifications.join(connection, telling, joined, now)
    counted = (
        {}
        if telling.priority in URGENT
        else notifications.told_within_the_hour(connection, telling.organisation, rest, now)
    )
    notices = Notify(climber.directory.roster, telling.priority, counted)(rest, now)
    notifications.write(connection, telling, notices, now)


def _store(climber: Climber, at: Climb, next_: datetime | None) -> None:
    row = {
        "task": climber.row["task_id"],
        "loop": at.loop,
        "step": at.step,
        "rings": at.rings,
        "rung_at": at.rung_at if at.rings else None,
        "banner": at.banner,
        "next": next_,
    }
    climber.connection.execute(STEP, row)
    reached("climbed")
