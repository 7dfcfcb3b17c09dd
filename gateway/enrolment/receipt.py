"""The installation receipt: one reading's way, from the device to a test task, with times.

It is the technician's proof that the home works, and is kept as it was printed. It says no value.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb
from pydantic import AwareDatetime

from alerting.model import Severity
from alerting.words import template
from device_profiles.reading import Frozen
from gateway.care.technical import Whose, end_task, open_task
from gateway.errors import Conflict
from gateway.storage import enrolments
from gateway.storage.database import Connection
from gateway.storage.trace import Step, trace

RULE: Final = "installation-test"
NO_READING: Final = template("No reading of this hub is stored: take one measurement.")
NOT_EVALUATED: Final = template("The reading is stored, but not evaluated: does the worker run?")

# The newest that this hub took since it is this hub's.
READING: Final = """
SELECT r.id, r.patient_id, r.device_id, r.received_at, r.stored_at, v.evaluated_at, p.timezone
FROM reading r JOIN patient p ON p.id = r.patient_id
LEFT JOIN evaluation v ON v.reading_id = r.id
WHERE r.hub_id = %(hub)s AND r.stored_at >= %(since)s
ORDER BY (v.evaluated_at IS NOT NULL) DESC, r.received_at DESC, r.id LIMIT 1"""
HISTORY: Final = """
SELECT h.created_at, h.enrolled_at, h.confirmed_at, h.confirmed_by, t.issued_at, t.issued_by,
    s.received_at AS heard_at
FROM hub h LEFT JOIN hub_status s ON s.hub_id = h.id
LEFT JOIN LATERAL (SELECT issued_at, issued_by FROM enrolment_token
    WHERE hub_id = h.id AND used_at IS NOT NULL ORDER BY used_at DESC LIMIT 1) t ON true
WHERE h.id = %s"""
TASK: Final = "SELECT created_at, closed_at FROM task WHERE id = %s"
KEEP: Final = """
INSERT INTO installation_receipt
    (id, organisation_id, hub_id, reading_id, task_id, made_at, made_by, body)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"""
KEPT: Final = """
SELECT body FROM installation_receipt WHERE hub_id = %s ORDER BY made_at DESC LIMIT 1"""


class NotYet(Conflict):
    """There is nothing to receipt yet."""

    code = "not_yet"


class InstallationReceipt(Frozen):
    """What was shown. The seconds count from the hub's hearing of the device."""

    id: UUID
    hub: UUID
    name: str
    made_at: AwareDatetime
    made_by: str
    reading: UUID
    device: UUID
    task: UUID
    stored_s: float
    evaluated_s: float
    steps: tuple[Step, ...]


def make_receipt(connection: Connection, hub: UUID, by: str, now: datetime) -> InstallationReceipt:
    """Follow the newest reading, open and end a test task, keep all of it. Raises NotYet."""
    found = enrolments.lock_hub(connection, hub)
    if found.state != "active":
        raise NotYet(f"The hub is {found.state}.")
    history = connection.execute(HISTORY, [hub]).fetchone() or {}
    reading = _reading(connection, hub, history)
    id_ = uuid4()
    task = _test_task(connection, found.row.organisation, reading, id_, now)
    receipt = InstallationReceipt(
        id=id_,
        hub=hub,
        name=found.name,
        made_at=now,
        made_by=by,
        reading=reading["id"],
        device=reading["device_id"],
        task=task,
        stored_s=(reading["stored_at"] - reading["received_at"]).total_seconds(),
        evaluated_s=(reading["evaluated_at"] - reading["received_at"]).total_seconds(),
        steps=(
            *_installed(history),
            *trace(connection, reading["id"]),
            *_tested(connection, task),
        ),
    )
    body = Jsonb(receipt.model_dump(mode="json"))
    where = [id_, found.row.organisation, hub, reading["id"], task, now, by, body]
    connection.execute(KEEP, where)
    return receipt


def kept_receipt(connection: Connection, hub: UUID) -> InstallationReceipt | None:
    """Return the newest receipt of a hub."""
    row = connection.execute(KEPT, [hub]).fetchone()
    return InstallationReceipt.model_validate(row["body"]) if row else None


def _reading(connection: Connection, hub: UUID, history: dict[str, Any]) -> dict[str, Any]:
    since = history.get("confirmed_at") or history["created_at"]
    row = connection.execute(READING, {"hub": hub, "since": since}).fetchone()
    if row is None:
        raise NotYet(NO_READING)
    if row["evaluated_at"] is None:
        raise NotYet(NOT_EVALUATED)
    return row


def _test_task(
    connection: Connection, organisation: UUID, reading: dict[str, Any], id_: UUID, now: datetime
) -> UUID:
    zone = ZoneInfo(reading["timezone"])
    whose = Whose(organisation, reading["patient_id"], zone, reading["device_id"])
    sentence = "A test of the way of a task; it needs nobody and ends by itself."
    title = "Installation test"
    task = open_task(connection, whose, RULE, title, sentence, now, Severity.P4)
    end_task(connection, task, f"installation receipt {id_}", now)
    return task


def _installed(history: dict[str, Any]) -> tuple[Step, ...]:
    told = [
        ("registered", history.get("created_at"), ""),
        ("invited", history.get("issued_at"), f"by {history.get('issued_by')}"),
        ("enrolled", history.get("enrolled_at"), "keys made on the hub, certified"),
        ("confirmed", history.get("confirmed_at"), f"by {history.get('confirmed_by')}"),
        ("heard of", history.get("heard_at"), "its newest status"),
    ]
    return tuple(Step(step=step, at=at, detail=detail) for step, at, detail in told if at)


def _tested(connection: Connection, task: UUID) -> tuple[Step, ...]:
    row = connection.execute(TASK, [task]).fetchone() or {}
    return (
        Step(step="test task", at=row.get("created_at"), detail=f"{task} P4 technical"),
        Step(step="test task closed", at=row.get("closed_at"), detail="by itself, by this receipt"),
    )
