"""Technical tasks: what a hub says is wrong with a device, for those whose hands it needs.

One open task for a device and problem. It says what to press. It ends by itself when the hub says
that all is well and nobody has taken it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from alerting.model import Severity
from device_profiles.problems import ADVICE, FOR_HANDS
from device_profiles.registry import PROFILES
from gateway.care.due import due
from gateway.care.moves import Status, closes_by_itself
from gateway.storage.database import Connection
from gateway.storage.events import record

PRIORITY: Final = Severity.P3
KEY: Final = "device:"
AT_ONCE: Final = 50

UNSEEN: Final = """
SELECT hub_id, problems FROM hub_status WHERE unseen ORDER BY hub_id LIMIT %s
FOR UPDATE SKIP LOCKED"""
SEEN: Final = "UPDATE hub_status SET unseen = false WHERE hub_id = %s"
# Whose device it is: of several users, the one of the lowest slot.
DEVICES: Final = """
SELECT DISTINCT ON (d.id) d.id, d.organisation_id, d.profile, a.patient_id, p.timezone
FROM pairing g JOIN device d ON d.id = g.device_id
JOIN assignment a ON a.device_id = d.id AND upper_inf(a.valid)
JOIN patient p ON p.id = a.patient_id
WHERE g.hub_id = %s AND upper_inf(g.valid) ORDER BY d.id, a.user_slot NULLS FIRST"""
OPEN: Final = """
SELECT id, rule_key, status, priority FROM task
WHERE device_id = %s AND status NOT IN ('completed', 'cancelled', 'entered-in-error')
ORDER BY id FOR UPDATE"""
INSERT: Final = """
INSERT INTO task (id, organisation_id, patient_id, device_id, rule_key, queue, priority, title,
    sentence, due_ack_at, due_at, created_at)
VALUES (%(id)s, %(organisation)s, %(patient)s, %(device)s, %(rule_key)s, 'technical', %(priority)s,
    %(title)s, %(sentence)s, %(due_ack_at)s, %(due_at)s, %(now)s)
ON CONFLICT DO NOTHING"""
CANCEL: Final = """
UPDATE task SET status = 'cancelled', closed_at = %(now)s, closed_by = 'worker',
    closed_reason = %(reason)s WHERE id = %(task)s"""
TELL: Final = "SELECT pg_notify('task', %s)"
WELL: Final = "the hub says that the device is well again"


@dataclass(frozen=True, slots=True)
class Device:
    """A device with a hub, and who measures with it."""

    id: UUID
    organisation: UUID
    profile: str
    patient: UUID
    zone: ZoneInfo


def look_after_devices(connection: Connection, now: datetime) -> int:
    """Open and end technical tasks for what hubs told since the last time; return how many hubs.

    Call it in a transaction: a hub counts as seen only with its tasks.
    """
    rows = connection.execute(UNSEEN, [AT_ONCE]).fetchall()
    for row in rows:
        for device in _devices(connection, row["hub_id"]):
            _settle(connection, device, row["problems"].get(str(device.id)), now)
        connection.execute(SEEN, [row["hub_id"]])
    return len(rows)


def _devices(connection: Connection, hub: UUID) -> list[Device]:
    return [
        Device(
            row["id"],
            row["organisation_id"],
            row["profile"],
            row["patient_id"],
            ZoneInfo(row["timezone"]),
        )
        for row in connection.execute(DEVICES, [hub])
    ]


def _settle(connection: Connection, device: Device, problem: str | None, now: datetime) -> None:
    """Let the open tasks of a device be the one that its problem asks for, or none."""
    wanted = KEY + problem if problem in FOR_HANDS else None
    rows = connection.execute(OPEN, [device.id]).fetchall()
    for row in rows:
        if row["rule_key"] != wanted:
            _end(connection, device, row, now)
    if problem is not None and wanted and wanted not in {row["rule_key"] for row in rows}:
        _open(connection, device, problem, now)


def _open(connection: Connection, device: Device, problem: str, now: datetime) -> None:
    task, by = uuid4(), due(PRIORITY, now, device.zone)
    told = {
        "id": task,
        "organisation": device.organisation,
        "patient": device.patient,
        "device": device.id,
        "rule_key": KEY + problem,
        "priority": PRIORITY,
        "title": f"{PROFILES[device.profile].name}: {problem.replace('_', ' ')}",
        "sentence": ADVICE[problem],
        "due_ack_at": by.ack_at,
        "due_at": by.act_at,
        "now": now,
    }
    if connection.execute(INSERT, told).rowcount:
        _record(connection, device, "task_requested", task, now)


def _end(connection: Connection, device: Device, row: Mapping[str, Any], now: datetime) -> None:
    """End a task that nobody took; who took it is told."""
    if closes_by_itself(Status(row["status"]), Severity(row["priority"])):
        connection.execute(CANCEL, {"now": now, "reason": WELL, "task": row["id"]})
        _record(connection, device, "task_cancelled", row["id"], now, reason=WELL)
    else:
        _record(connection, device, "task_noted", row["id"], now, note=WELL)


def _record(
    connection: Connection, device: Device, event: str, task: UUID, now: datetime, **detail: Any
) -> None:
    record(
        connection, device.organisation, event, now, task=task, severity=PRIORITY.value, **detail
    )
    connection.execute(TELL, [str(task)])
