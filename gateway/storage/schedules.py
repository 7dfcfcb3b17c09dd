"""When a patient measures: rows of schedules, and the list of silences with what is done."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from alerting.silence import Schedule
from device_profiles.reading import Frozen
from gateway.errors import NotFound
from gateway.storage.database import Connection

WHOSE: Final = "SELECT organisation_id FROM patient WHERE id = %s FOR UPDATE"
END: Final = """
UPDATE schedule SET until = %(now)s, next_action_at = NULL
WHERE patient_id = %(patient)s AND measure = %(measure)s AND until IS NULL RETURNING id"""
SET: Final = """
INSERT INTO schedule (organisation_id, patient_id, measure, days, grace, remind_after, task_after,
    review_after, since, author, reason, next_action_at)
VALUES (%(organisation)s, %(patient)s, %(measure)s, %(days)s, %(grace)s, %(remind)s, %(task)s,
    %(review)s, %(since)s, %(author)s, %(reason)s, %(since)s)"""
PROGRAMME: Final = """
SELECT id FROM programme WHERE organisation_id = %(organisation)s AND key = %(key)s FOR UPDATE"""
END_OF_PROGRAMME: Final = """
UPDATE programme_schedule SET until = %(now)s
WHERE programme_id = %(programme)s AND measure = %(measure)s AND until IS NULL RETURNING id"""
SET_OF_PROGRAMME: Final = """
INSERT INTO programme_schedule (organisation_id, programme_id, measure, days, grace, remind_after,
    task_after, review_after, since, author, reason)
VALUES (%(organisation)s, %(programme)s, %(measure)s, %(days)s, %(grace)s, %(remind)s, %(task)s,
    %(review)s, %(since)s, %(author)s, %(reason)s)"""
# Who left, or whose programme expects it no more.
LEFT: Final = """
UPDATE schedule c SET until = greatest(%(now)s, c.since), next_action_at = NULL
FROM programme_schedule s
WHERE s.id = c.programme_schedule_id AND c.until IS NULL AND (s.until IS NOT NULL
    OR NOT EXISTS (SELECT FROM programme_member m WHERE m.programme_id = s.programme_id
        AND m.patient_id = c.patient_id AND (m.until IS NULL OR m.until > %(now)s)))"""
# Who has one of their own keeps it; what somebody has ended since is not begun again.
JOINED: Final = """
INSERT INTO schedule (organisation_id, programme_schedule_id, patient_id, measure, days, grace,
    remind_after, task_after, review_after, since, author, reason, next_action_at)
SELECT s.organisation_id, s.id, m.patient_id, s.measure, s.days, s.grace, s.remind_after,
    s.task_after, s.review_after, %(now)s, s.author, s.reason, %(now)s
FROM programme_schedule s JOIN programme_member m ON m.programme_id = s.programme_id
    AND m.since <= %(now)s AND (m.until IS NULL OR m.until > %(now)s)
WHERE s.until IS NULL AND NOT EXISTS (SELECT FROM schedule c
    WHERE c.patient_id = m.patient_id AND c.measure = s.measure AND (c.until IS NULL
        OR c.until > greatest(m.since, s.since)))
ON CONFLICT DO NOTHING"""
SHOW: Final = """
SELECT c.patient_id, p.name AS patient, p.timezone, c.measure, c.days, c.grace, c.remind_after,
    c.task_after, c.review_after, c.since, c.until, c.author, c.reason
FROM schedule c JOIN patient p ON p.id = c.patient_id
WHERE (%(patient)s::uuid IS NULL OR c.patient_id = %(patient)s)
  AND (c.until IS NULL OR %(ended)s)
ORDER BY p.name, c.patient_id, c.measure, c.since LIMIT %(limit)s"""
SILENCES: Final = """
SELECT s.id, s.organisation_id, s.patient_id, p.name AS patient, c.measure, s.since, s.missed,
    s.excused, s.step, s.held, s.held_by, s.held_since, s.remind_at, s.task_id, s.review_id,
    s.ended_at, s.end_reason
FROM silence s JOIN schedule c ON c.id = s.schedule_id JOIN patient p ON p.id = s.patient_id
WHERE (s.ended_at IS NULL OR %(ended)s)
  AND (%(organisation)s::uuid IS NULL OR s.organisation_id = %(organisation)s)
ORDER BY s.ended_at IS NOT NULL, s.since, s.id LIMIT %(limit)s"""
OURS: Final = """
SELECT t.what, t.since, t.hub_id, t.organisation_id FROM trouble t
WHERE t.cause = 'ours' AND t.until IS NULL
  AND (%(organisation)s::uuid IS NULL OR t.organisation_id = %(organisation)s)
ORDER BY t.since, t.id"""


class SilenceRow(Frozen):
    """One stretch without a reading. `held` is what is suppressed, `held_by` why."""

    id: UUID
    organisation_id: UUID
    patient_id: UUID
    patient: str
    measure: str
    since: date
    missed: int
    excused: int
    step: str
    held: str
    held_by: str | None
    held_since: datetime | None
    remind_at: datetime | None
    task_id: UUID | None
    review_id: UUID | None
    ended_at: datetime | None
    end_reason: str | None


def set_schedule(
    connection: Connection,
    patient: UUID,
    measure: str,
    schedule: Schedule,
    author: str,
    reason: str,
) -> None:
    """Put a schedule in force; the one before ends. Raises NotFound."""
    row = connection.execute(WHOSE, [patient]).fetchone()
    if row is None:
        raise NotFound(f"No patient {patient}.")
    told = _told(row["organisation_id"], measure, schedule, author, reason)
    told["patient"] = patient
    connection.execute(END, told)
    connection.execute(SET, told)


def set_programme_schedule(
    connection: Connection,
    organisation: UUID,
    key: str,
    measure: str,
    schedule: Schedule,
    author: str,
    reason: str,
) -> None:
    """Put a schedule in force for the members of a programme. Raises NotFound."""
    told = _told(organisation, measure, schedule, author, reason)
    row = connection.execute(PROGRAMME, {"organisation": organisation, "key": key}).fetchone()
    if row is None:
        raise NotFound(f"No programme {key!r} in this organisation.")
    told["programme"] = row["id"]
    connection.execute(END_OF_PROGRAMME, told)
    connection.execute(SET_OF_PROGRAMME, told)
    follow_programmes(connection, schedule.since)


def follow_programmes(connection: Connection, now: datetime) -> None:
    """Give their programmes' schedules to those who joined, and end them for those who left."""
    for statement in (LEFT, JOINED):
        connection.execute(statement, {"now": now})


def _told(
    organisation: UUID, measure: str, schedule: Schedule, author: str, reason: str
) -> dict[str, Any]:
    return {
        "organisation": organisation,
        "measure": measure,
        "days": sorted(schedule.days),
        "grace": schedule.grace,
        "remind": schedule.remind_after,
        "task": schedule.task_after,
        "review": schedule.review_after,
        "since": schedule.since,
        "now": schedule.since,
        "author": author,
        "reason": reason,
    }


def end_schedule(connection: Connection, patient: UUID, measure: str, now: datetime) -> bool:
    """Ask nothing more of a patient; False where nothing was asked."""
    told = {"patient": patient, "measure": measure, "now": now}
    return bool(connection.execute(END, told).rowcount)


def schedules(
    connection: Connection, patient: UUID | None = None, *, ended: bool = False, limit: int = 1000
) -> Sequence[Mapping[str, Any]]:
    """Return the schedules in force, or all of one patient."""
    asked = {"patient": patient, "ended": ended, "limit": limit}
    return connection.execute(SHOW, asked).fetchall()


def silences(
    connection: Connection,
    organisation: UUID | None = None,
    *,
    ended: bool = False,
    limit: int = 1000,
) -> tuple[SilenceRow, ...]:
    """Return who is silent, the longest first."""
    asked = {"organisation": organisation, "ended": ended, "limit": limit}
    return tuple(SilenceRow(**row) for row in connection.execute(SILENCES, asked))


def operator_lines(
    connection: Connection, organisation: UUID | None = None
) -> Sequence[Mapping[str, Any]]:
    """Return what is wrong on our side now: work for operators, and for no patient's people."""
    return connection.execute(OURS, {"organisation": organisation}).fetchall()
