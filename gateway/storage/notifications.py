"""Notifications as rows: what is to be told to which address, and what became of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from alerting.model import Severity
from alerting.pipeline.group import WITHIN, Joined, Recent
from alerting.pipeline.inhibit import What
from alerting.pipeline.notify import Notice
from alerting.pipeline.route import Recipient
from alerting.ports import Purpose
from gateway.storage.database import Connection

_MESSAGES: Final = UUID("3d7a27e0-1d0d-4a8f-9e0b-5b8a6f0f7c11")

RECENT: Final = """
SELECT n.id, n.tasks[1] AS task, n.channel, n.address, n.priority, n.created_at
FROM notification n JOIN task t ON t.id = n.tasks[1]
WHERE n.organisation_id = %(organisation)s AND n.patient_id = %(patient)s
  AND n.channel = ANY(%(channels)s) AND n.address = ANY(%(addresses)s)
  AND n.created_at > %(since)s AND n.state IN ('due', 'sent') AND t.status = 'requested'
  AND NOT EXISTS (SELECT FROM suppression s
      WHERE s.task_id = t.id AND s.what = 'snoozed' AND s.ended_at IS NULL)"""
TOLD: Final = """
SELECT channel, address, count(*) AS n FROM notification
WHERE organisation_id = %s AND channel = ANY(%s) AND address = ANY(%s) AND created_at > %s
  AND priority IN ('P3', 'P4') AND purpose <> 'digest' GROUP BY channel, address"""
INSERT: Final = """
INSERT INTO notification AS n (id, organisation_id, tasks, patient_id, person, channel, address,
    purpose, priority, language, next_action_at, created_at)
VALUES (%(id)s, %(organisation)s, ARRAY[%(task)s::uuid], %(patient)s, %(person)s, %(channel)s,
    %(address)s, %(purpose)s, %(priority)s, %(language)s, %(at)s, %(now)s)
ON CONFLICT (id) DO UPDATE SET tasks = array_append(array_remove(n.tasks, %(task)s), %(task)s),
    priority = least(n.priority, excluded.priority)
WHERE n.purpose = 'digest' AND n.state = 'due'"""
# Not one that is being sent, nor one that died or was taken back meanwhile: those tell nobody.
JOIN: Final = """
UPDATE notification SET tasks =
    CASE WHEN tasks @> ARRAY[%(task)s::uuid] THEN tasks ELSE array_append(tasks, %(task)s) END
WHERE id = (SELECT id FROM notification WHERE id = %(message)s AND state IN ('due', 'sent')
    FOR UPDATE SKIP LOCKED)"""
TELL: Final = "SELECT pg_notify('notification', '')"
NOT_TOLD: Final = """
INSERT INTO suppression (organisation_id, patient_id, task_id, rule_key, severity, what, by_id,
    reason, since, until)
VALUES (%(organisation)s, %(patient)s, %(task)s, %(rule_key)s, %(priority)s, %(what)s, %(by)s,
    %(reason)s, %(now)s, %(until)s)
ON CONFLICT (task_id, what) WHERE ended_at IS NULL AND task_id IS NOT NULL DO NOTHING"""
TOLD_NOW: Final = """
UPDATE suppression SET ended_at = %s, end_reason = 'it was told'
WHERE task_id = ANY(%s) AND ended_at IS NULL AND what = ANY(%s)"""


@dataclass(frozen=True, slots=True)
class Telling:
    """What one task tells now: `ring` counts, so that each time has its own key."""

    organisation: UUID
    patient: UUID
    task: UUID
    rule_key: str | None
    priority: Severity
    purpose: Purpose
    ring: int


def recent(
    connection: Connection, telling: Telling, to: Iterable[Recipient], now: datetime
) -> list[Recent]:
    """Return what was told of this patient within the last minutes."""
    row = {
        "organisation": telling.organisation,
        "patient": telling.patient,
        **_places(to),
        "since": now - WITHIN,
    }
    found = connection.execute(RECENT, row).fetchall()
    return [Recent(**each | {"priority": Severity(each["priority"])}) for each in found]


def told_within_the_hour(
    connection: Connection, organisation: UUID, to: Iterable[Recipient], now: datetime
) -> Mapping[tuple[str, str], int]:
    """Count the messages of P3 and P4 of the last hour, by channel and address."""
    asked = [organisation, *_places(to).values(), now - timedelta(hours=1)]
    rows = connection.execute(TOLD, asked).fetchall()
    return {(row["channel"], row["address"]): row["n"] for row in rows}


def write(
    connection: Connection, telling: Telling, notices: Iterable[Notice], now: datetime
) -> None:
    """Write what is to be sent; the key is the same for the same telling, whoever writes it."""
    for notice in notices:
        digest = notice.because is What.DIGEST
        id_, to = _key(telling, notice), notice.recipient
        row = _row(telling, now) | {
            "id": id_,
            "person": to.person,
            "channel": to.channel,
            "address": to.address,
            "language": to.language,
            "purpose": Purpose.DIGEST if digest else telling.purpose,
            "at": notice.at,
        }
        given = row | ({"patient": None} if digest else {})
        if not connection.execute(INSERT, given).rowcount and digest:
            # That digest has gone out, or was taken back: this task waits for none.
            id_ = uuid5(id_, f"{telling.task}/{telling.ring}")
            connection.execute(INSERT, given | {"id": id_})
        if notice.because is not None:
            because = {"what": notice.because, "by": id_, "reason": notice.reason}
            connection.execute(NOT_TOLD, row | because | {"until": notice.at})
    connection.execute(TELL)


def join(
    connection: Connection, telling: Telling, joined: Iterable[Joined], now: datetime
) -> list[Recipient]:
    """Let messages that are there already stand for this task too.

    Returns who has to get a message of their own, as theirs tells nobody any more.
    """
    left = []
    for each in joined:
        row = _row(telling, now) | {"message": each.message, "by": each.task, "until": None}
        if connection.execute(JOIN, row).rowcount:
            connection.execute(NOT_TOLD, row | {"what": What.GROUPED, "reason": each.reason})
        else:
            left.append(each.recipient)
    return left


def held_by_snooze(
    connection: Connection,
    telling: Telling,
    snooze: UUID,
    reason: str,
    until: datetime,
    now: datetime,
) -> None:
    """Write that a task tells nobody while it is snoozed."""
    row = _row(telling, now) | {"what": What.SNOOZED, "by": snooze, "reason": reason}
    connection.execute(NOT_TOLD, row | {"until": until})


def told(
    connection: Connection, tasks: Iterable[UUID], now: datetime, what: Iterable[What] = What
) -> None:
    """Write that what was not told of these tasks is told now."""
    connection.execute(TOLD_NOW, [now, list(tasks), [str(each) for each in what]])


def _places(to: Iterable[Recipient]) -> dict[str, list[str]]:
    places = list(to)
    return {
        "channels": [each.channel for each in places],
        "addresses": [each.address for each in places],
    }


def _row(telling: Telling, now: datetime) -> dict[str, object]:
    return {
        "organisation": telling.organisation,
        "patient": telling.patient,
        "task": telling.task,
        "rule_key": telling.rule_key,
        "priority": telling.priority,
        "now": now,
    }


def _key(telling: Telling, notice: Notice) -> UUID:
    to = notice.recipient
    if notice.because is What.DIGEST:
        place = f"{telling.organisation}/{to.channel}/{to.address}/{notice.at.isoformat()}"
        return uuid5(_MESSAGES, f"digest/{place}")
    return uuid5(_MESSAGES, f"{telling.task}/{telling.ring}/{to.channel}/{to.address}")
