"""Tasks for tests of the console, written as the worker writes them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from gateway.storage import homes
from gateway.storage.database import Connection
from gateway.storage.duties import Count, done

INSERT = """
INSERT INTO task (id, organisation_id, patient_id, rule_key, direction, queue, priority, title,
    sentence, readings, due_ack_at, due_at, created_at)
VALUES (%(id)s, %(organisation)s, %(patient)s, %(rule)s, %(direction)s, %(queue)s, %(priority)s,
    %(title)s, %(sentence)s, 1, %(ack)s, %(due)s, %(now)s)"""


def add_patient(connection: Connection, organisation: UUID, name: str = "Ada Lovelace") -> UUID:
    return homes.add_patient(connection, organisation, name, "America/Chicago")


def add_task(connection: Connection, organisation: UUID, patient: UUID, **more: Any) -> UUID:
    """Add a task; each is of a rule of its own, since of a rule there is one open at a time."""
    now = datetime.now(UTC)
    row: dict[str, Any] = {
        "id": uuid4(),
        "organisation": organisation,
        "patient": patient,
        "rule": f"made_up_{uuid4().hex[:8]}",
        "direction": "high",
        "queue": "clinical",
        "priority": "P2",
        "title": "Systolic pressure very high",
        "sentence": "Systolic 184 mmHg at 08:12 is at or above 180.",
        "ack": now + timedelta(hours=1),
        "due": now + timedelta(hours=4),
        "now": now,
    } | more
    connection.execute(INSERT, row)
    task: UUID = row["id"]
    return task


def evaluated(connection: Connection, *readings: UUID) -> None:
    """Let readings be evaluated, by no rule: as the worker writes it of a batch."""
    connection.execute(
        "INSERT INTO duty (reading_id, organisation_id, patient_id, measured_at)"
        " SELECT id, organisation_id, patient_id, measured_at FROM reading WHERE id = ANY(%s)",
        [list(readings)],
    )
    done(connection, [Count(each, 0, 0, 0) for each in readings], datetime.now(UTC))


def add_reading(
    connection: Connection,
    organisation: UUID,
    patient: UUID,
    at: datetime,
    values: dict[str, tuple[str, Any]],
    validity: str = "valid",
) -> UUID:
    """Add a reading of a device that is nobody's, as ingest stores it."""
    connection.execute("SELECT series_make_room(ARRAY[%s::timestamptz])", [at])
    device = uuid4()
    connection.execute(
        "INSERT INTO device (id, organisation_id, address, profile) VALUES (%s, %s, %s, 'cuff')",
        [device, organisation, device.hex],
    )
    reading = uuid4()
    connection.execute(
        "INSERT INTO reading (id, organisation_id, patient_id, device_id, hub_id, epoch, seq, kind,"
        " measured_at, basis, validity, flags, received_at, body) VALUES (%s, %s, %s, %s, %s, 1, 1,"
        " 'made_up', %s, 'device', %s, '{}', %s, '{}')",
        [reading, organisation, patient, device, uuid4(), at, validity, at],
    )
    for ordinal, (name, (unit, number)) in enumerate(values.items()):
        connection.execute(
            "INSERT INTO reading_value (reading_id, organisation_id, patient_id, measured_at,"
            " ordinal, name, mdc, number, unit, validity)"
            " VALUES (%s, %s, %s, %s, %s, %s, 1, %s, %s, %s)",
            [reading, organisation, patient, at, ordinal, name, number, unit, validity],
        )
    return reading
