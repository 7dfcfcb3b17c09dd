"""What operators of the site do by command, in the audit of the organisation that it concerns."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from gateway.audit.append import write
from gateway.storage.database import Connection

# Where it is written whose a thing is, and of which patient.
OWNERS: Final = {
    "organisation": "SELECT id AS organisation, NULL::uuid AS patient FROM organisation",
    "patient": "SELECT organisation_id AS organisation, id AS patient FROM patient",
    "hub": "SELECT organisation_id AS organisation, NULL::uuid AS patient FROM hub",
    "device": "SELECT organisation_id AS organisation, NULL::uuid AS patient FROM device",
    "quarantine": "SELECT organisation_id AS organisation, NULL::uuid AS patient FROM quarantine",
    "connector": "SELECT organisation_id AS organisation, NULL::uuid AS patient FROM connector",
    "task": "SELECT organisation_id AS organisation, patient_id AS patient FROM task",
    "limit": "SELECT organisation_id AS organisation, patient_id AS patient FROM rule_override",
}


def by_operator(
    connection: Connection,
    name: str,
    action: str,
    kind: str,
    id_: UUID,
    *,
    patient: UUID | None = None,
    **detail: Any,
) -> None:
    """Record a command on a thing of this kind, by whoever gave it."""
    query = f"{OWNERS[kind]} WHERE id = %s"
    row = connection.execute(query, [id_]).fetchone()
    if row is not None and row["organisation"] is not None:
        _record(
            connection,
            name,
            row["organisation"],
            action,
            patient or row["patient"],
            (kind, str(id_)),
            detail,
        )


def of_the_site(connection: Connection, name: str, action: str, **detail: Any) -> None:
    """Record a command that concerns every organisation, as one on keys."""
    for row in connection.execute("SELECT id FROM organisation ORDER BY id").fetchall():
        _record(connection, name, row["id"], action, None, None, detail)


def _record(
    connection: Connection,
    name: str,
    organisation: UUID,
    action: str,
    patient: UUID | None,
    subject: tuple[str, str] | None,
    detail: dict[str, Any],
) -> None:
    actor = {
        "organisation": organisation,
        "kind": "operator",
        "id": None,
        "actor": f"cli:{name}",
        "roles": "",
        "session": None,
    }
    now = datetime.now(UTC)
    write(connection, actor, action, at=now, patient=patient, subject=subject, detail=detail)
