"""Somebody is asked whose a held reading is. What they say is in held.py."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from alerting.model import Severity
from alerting.units import written
from device_profiles.wire.v1 import Header
from gateway.care.due import due
from gateway.ingest.jumps import Doubt
from gateway.storage import doubts
from gateway.storage.database import Connection
from gateway.storage.events import record

PRIORITY: Final = Severity.P3

ZONE: Final = "SELECT timezone FROM patient WHERE id = %s"
# One question for a patient and rule, however many readings it is about.
INSERT_TASK: Final = """
INSERT INTO task (id, organisation_id, patient_id, rule_key, direction, queue, priority, title,
    sentence, due_ack_at, due_at, created_at)
VALUES (%(id)s, %(organisation)s, %(patient)s, %(rule)s, 'high', %(queue)s, %(priority)s, %(title)s,
    %(sentence)s, %(due_ack_at)s, %(due_at)s, %(now)s)
ON CONFLICT DO NOTHING RETURNING id"""
OPEN_TASK: Final = """
SELECT id FROM task WHERE patient_id = %(patient)s AND rule_key = %(rule)s AND direction = 'high'
  AND status NOT IN ('completed', 'cancelled', 'entered-in-error')"""
TELL: Final = "SELECT pg_notify('task', %s)"


def ask(connection: Connection, header: Header, doubt: Doubt, now: datetime) -> None:
    """Keep that a reading is held; a task asks, unless it was refused before."""
    candidate = doubt.candidate
    told: dict[str, Any] = {
        "hub": header.hub,
        "epoch": header.epoch,
        "seq": header.seq,
        "reading": candidate.taken.id,
        "organisation": header.organisation,
        "patient": candidate.patient,
        "rule": candidate.rule.key,
        "version": candidate.rule.version,
        "now": now,
    }
    row = connection.execute(doubts.INSERT, told).fetchone()
    if row is None:
        return
    if row["state"] == "refused":
        connection.execute(doubts.REFUSED, told)
        return
    task = _task(connection, told, doubt, now)
    place = (header.hub, header.epoch, header.seq, candidate.taken.id)
    connection.execute(doubts.TASK, [task, *place])


def _task(connection: Connection, told: Mapping[str, Any], doubt: Doubt, now: datetime) -> UUID:
    patient, rule = doubt.candidate.patient, doubt.candidate.rule
    row = connection.execute(ZONE, [patient]).fetchone() or {"timezone": "UTC"}
    by = due(PRIORITY, now, ZoneInfo(row["timezone"]))
    asked = dict(told) | {
        "id": uuid4(),
        "queue": rule.queue,
        "priority": PRIORITY,
        "title": rule.title,
        "sentence": sentence(doubt, ZoneInfo(row["timezone"])),
        "due_ack_at": by.ack_at,
        "due_at": by.act_at,
    }
    made = connection.execute(INSERT_TASK, asked).fetchone()
    if made is None:
        (found,) = connection.execute(OPEN_TASK, told).fetchall()
        return UUID(str(found["id"]))
    record(
        connection,
        told["organisation"],
        "task_requested",
        now,
        task=made["id"],
        severity=PRIORITY.value,
    )
    connection.execute(TELL, [str(made["id"])])
    return UUID(str(made["id"]))


def sentence(doubt: Doubt, zone: ZoneInfo) -> str:
    """Say what is held and against what, and what to ask."""
    now, last = doubt.candidate.now, doubt.last
    assert now is not None  # noqa: S101 - only numbers jump
    at, before = now.at.astimezone(zone), last.at.astimezone(zone)
    by = round(doubt.jump.by, 1)
    return (
        f"{doubt.candidate.rule.label} {now.number:f} {written(now.unit)} at {at:%H:%M} on "
        f"{at:%Y-%m-%d} is {by:f} {written(doubt.jump.unit)} from the last, "
        f"{last.number:f} {written(last.unit)} on {before:%Y-%m-%d}. It is held, not charted. "
        "Ask the patient: was it you?"
    )
