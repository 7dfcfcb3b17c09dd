"""Looks at schedules that are due: reminders, tasks and reviews of those from whom nothing comes.

A reminder is a mark that the coordinator sees in `silence list`: there is no channel to patients.
What a technical cause suppresses is listed with it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from alerting.model import Severity
from alerting.silence import WHY, Cause, Schedule, Silence, Step, judge, named, told
from alerting.words import Said, template
from device_profiles import gatt
from device_profiles.registry import PROFILES
from gateway.care.technical import Whose, end_task, open_task
from gateway.storage import troubles
from gateway.storage.consents import withdrawn_by
from gateway.storage.database import Connection
from gateway.storage.schedules import follow_programmes

AT_ONCE: Final = 500
WHILE_SILENT: Final = timedelta(minutes=15)
"""So soon after a reading its silence is over."""
PRIORITY: Final = Severity.P4
MEASURED: Final = template("the patient has measured again")
CHANGED: Final = template("the schedule was ended or changed")
WITHDRAWN: Final = template("the patient agrees no more to be monitored")
TASK_TITLE: Final = template("Nothing measured: {measure}")
REVIEW_TITLE: Final = template("Programme review: {measure}")

# Who agrees no more is waited for by nobody; who agrees again, from then on.
DUE: Final = f"""
SELECT c.id, c.organisation_id, c.patient_id, c.measure, c.days, c.grace, c.remind_after,
    c.task_after, c.review_after, p.timezone, greatest(c.since, (SELECT y.given_at FROM consent y
        WHERE y.patient_id = c.patient_id AND y.withdrawn_at IS NULL AND EXISTS (SELECT FROM consent
        n WHERE n.patient_id = c.patient_id AND n.withdrawn_at IS NOT NULL))) AS since
FROM schedule c JOIN patient p ON p.id = c.patient_id
WHERE c.next_action_at <= %s AND NOT {withdrawn_by("c.patient_id")}
ORDER BY c.next_action_at, c.id LIMIT %s
FOR UPDATE OF c SKIP LOCKED"""  # noqa: S608 - constants only
# Whatever is in `reading` came from a device by itself; what people type would not count.
LAST: Final = """
SELECT measured_at FROM reading
WHERE organisation_id = %s AND patient_id = %s AND kind = %s AND validity = 'valid'
ORDER BY measured_at DESC LIMIT 1"""
NEXT: Final = "UPDATE schedule SET next_action_at = %s WHERE id = %s"
OPEN: Final = """
SELECT id, task_id, review_id FROM silence WHERE schedule_id = %s AND ended_at IS NULL
FOR UPDATE"""
STALE: Final = f"""
SELECT s.id, s.task_id, s.review_id, c.until FROM silence s JOIN schedule c ON c.id = s.schedule_id
WHERE s.ended_at IS NULL AND (c.until IS NOT NULL OR {withdrawn_by("c.patient_id")})
FOR UPDATE OF s SKIP LOCKED"""  # noqa: S608 - constants only
BEGIN: Final = """
INSERT INTO silence (organisation_id, patient_id, schedule_id, since, opened_at, step, missed,
    excused, held)
VALUES (%(organisation_id)s, %(patient_id)s, %(id)s, %(since)s, %(now)s, 'nothing', 0, 0, 'nothing')
RETURNING id, task_id, review_id"""
KEEP: Final = """
UPDATE silence SET since = %(since)s, step = %(step)s, missed = %(missed)s, excused = %(excused)s,
    held = %(held)s, held_by = %(held_by)s,
    held_since = CASE WHEN %(held_by)s::text IS NOT NULL THEN coalesce(held_since, %(now)s) END,
    remind_at = coalesce(remind_at, CASE WHEN %(remind)s THEN %(now)s END),
    task_id = %(task)s, review_id = %(review)s WHERE id = %(id)s"""
END: Final = "UPDATE silence SET ended_at = %s, end_reason = %s WHERE id = %s"
OPEN_TASK: Final = """
SELECT id FROM task WHERE patient_id = %s AND rule_key = %s AND direction = 'low'
  AND status NOT IN ('completed', 'cancelled', 'entered-in-error') FOR UPDATE"""

_BY_OCTETS: Final = {
    gatt.BLOOD_PRESSURE_MEASUREMENT: {"blood_pressure"},
    gatt.GLUCOSE_MEASUREMENT: {"glucose"},
    gatt.PLX_SPOT_CHECK: {"oxygen"},
    gatt.PLX_CONTINUOUS: {"oxygen"},
    gatt.TEMPERATURE_MEASUREMENT: {"temperature"},
    gatt.WEIGHT_MEASUREMENT: {"weight", "body_composition"},
    gatt.BODY_COMPOSITION_MEASUREMENT: {"weight", "body_composition"},
    gatt.HEART_RATE_MEASUREMENT: {"heart_rate"},
    gatt.CGM_MEASUREMENT: {"continuous_glucose"},
}


def look_for_silence(connection: Connection, now: datetime) -> int:
    """Look at every schedule that is due; return how many. Call it in a transaction."""
    follow_programmes(connection, now)
    for stale in connection.execute(STALE).fetchall():
        _end(connection, stale, CHANGED if stale["until"] else WITHDRAWN, now)
    rows = connection.execute(DUE, [now, AT_ONCE]).fetchall()
    for row in rows:
        _one(connection, row, now)
    return len(rows)


def measuring(measure: str) -> tuple[str, ...]:
    """Return the profiles of devices that can measure it; of a maker's own octets nobody knows."""
    return tuple(
        key
        for key, profile in PROFILES.items()
        if any(measure in _BY_OCTETS.get(uuid, {measure}) for uuid in profile.read)
    )


def _one(connection: Connection, row: Mapping[str, Any], now: datetime) -> None:
    zone, schedule = ZoneInfo(row["timezone"]), _schedule(row)
    asked = [row["organisation_id"], row["patient_id"], row["measure"]]
    readings = [each["measured_at"] for each in connection.execute(LAST, asked)]
    since = max([schedule.since, *readings])
    known = troubles.of_patient(
        connection, row["organisation_id"], row["patient_id"], measuring(row["measure"]), since
    )
    silence = judge(schedule, readings, known, now, zone)
    found = connection.execute(OPEN, [row["id"]]).fetchone()
    next_look = silence.next_look
    if silence.step is Step.NOTHING and silence.held is Step.NOTHING:
        if found is not None:
            _end(connection, found, MEASURED, now)
    else:
        begun = {**row, "since": silence.since, "now": now}
        found = found or connection.execute(BEGIN, begun).fetchone() or {}
        _keep(connection, row, found, silence, zone, now)
        next_look = min(next_look, now + WHILE_SILENT)
    connection.execute(NEXT, [next_look, row["id"]])


def _schedule(row: Mapping[str, Any]) -> Schedule:
    return Schedule(
        since=row["since"],
        days=frozenset(row["days"]),
        grace=row["grace"],
        remind_after=row["remind_after"],
        task_after=row["task_after"],
        review_after=row["review_after"],
    )


def _keep(
    connection: Connection,
    row: Mapping[str, Any],
    found: Mapping[str, Any],
    silence: Silence,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """Write what it is now, and see that its tasks are open, or suppressed."""
    task, review = found["task_id"], found["review_id"]
    if silence.step is Step.NOTHING:
        _suppress(connection, (task, review), silence.held_by, now)
        task = review = None
    if silence.step.height >= Step.TASK.height and task is None:
        task = _task(connection, row, "adherence", TASK_TITLE, silence, zone, now)
    if silence.step is Step.REVIEW and review is None:
        review = _task(connection, row, "review", REVIEW_TITLE, silence, zone, now)
    kept = {
        "id": found["id"],
        "since": silence.since,
        "step": silence.step,
        "missed": silence.missed,
        "excused": silence.excused,
        "held": silence.held,
        "held_by": silence.held_by,
        "remind": silence.step is not Step.NOTHING,
        "task": task,
        "review": review,
        "now": now,
    }
    connection.execute(KEEP, kept)


def _task(
    connection: Connection,
    row: Mapping[str, Any],
    name: str,
    title: str,
    silence: Silence,
    zone: ZoneInfo,
    now: datetime,
) -> UUID:
    rule = f"{name}:{row['measure']}"
    found = connection.execute(OPEN_TASK, [row["patient_id"], rule]).fetchone()
    if found is not None:
        return UUID(str(found["id"]))
    said = Said.of(title, measure=named(row["measure"]))
    whose = Whose(row["organisation_id"], row["patient_id"], zone)
    sentence = str(told(row["measure"], silence))
    return open_task(connection, whose, rule, str(said), sentence, now, PRIORITY, queue="adherence")


def _suppress(
    connection: Connection, tasks: tuple[UUID | None, ...], cause: Cause | None, now: datetime
) -> None:
    for task in tasks:
        if task is not None and cause is not None:
            end_task(connection, task, f"suppressed: {WHY[cause]}", now)


def _end(connection: Connection, found: Mapping[str, Any], why: str, now: datetime) -> None:
    connection.execute(END, [now, why, found["id"]])
    for task in (found["task_id"], found["review_id"]):
        if task is not None:
            end_task(connection, task, why, now)
