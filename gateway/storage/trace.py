"""The whole way of one reading, step by step, with times: what the database knows of it."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from device_profiles.reading import Frozen
from gateway.errors import NotFound
from gateway.storage.database import Connection

READING: Final = """
SELECT r.id, r.kind, r.measured_at, r.basis, r.validity,
       r.received_at, r.decoded_at, r.stored_at,
       r.hub_id, r.epoch, r.seq, e.sealed_at, e.sent_at, e.received_at AS arrived_at,
       e.stored_at AS committed_at, d.profile
FROM identity i
JOIN reading r ON r.id = i.reading_id AND r.measured_at = i.measured_at
JOIN envelope e ON (e.hub_id, e.epoch, e.seq) = (r.hub_id, r.epoch, r.seq)
JOIN device d ON d.id = r.device_id
WHERE i.reading_id = %s"""

AGAIN: Final = """
SELECT epoch, seq, received_at FROM envelope
WHERE reading_id = %s AND disposition = 'duplicate' ORDER BY received_at"""

RELEASED: Final = """
SELECT told_at, (body->>'oldest')::bigint AS oldest FROM hub_status
WHERE hub_id = %(hub_id)s AND epoch = %(epoch)s AND seq > %(seq)s
  AND received_at > %(committed_at)s"""

EVALUATED: Final = "SELECT evaluated_at, rules, findings FROM evaluation WHERE reading_id = %s"

ALERTS: Final = """
SELECT a.id AS alert_id, a.rule_key, a.rule_version, a.severity, a.opened_at, a.resolved_at,
       t.id AS task_id, t.priority, t.status, t.created_at, t.closed_at
FROM alert_reading ar JOIN alert a ON a.id = ar.alert_id LEFT JOIN task t ON t.id = a.task_id
WHERE ar.reading_id = %s ORDER BY a.opened_at"""


class Step(Frozen):
    """One step: its name, when it happened (None: not yet, or not known), what is known of it."""

    step: str
    at: datetime | None
    detail: str = ""


def trace(connection: Connection, reading: UUID) -> tuple[Step, ...]:
    """Return the steps of a reading in their order. Raises NotFound."""
    row = connection.execute(READING, [reading]).fetchone()
    if row is None:
        raise NotFound(f"No reading {reading} is stored; `hearthline-gateway readings` lists them.")
    return (
        *_on_the_hub(row),
        *_at_the_gateway(connection, row),
        *_evaluated(connection, reading),
        *_alerts(connection, reading),
    )


def _on_the_hub(row: dict[str, Any]) -> tuple[Step, ...]:
    place = f"hub {row['hub_id']} epoch {row['epoch']} seq {row['seq']}"
    return (
        Step(step="measured", at=row["measured_at"], detail=f"{row['kind']}, by {row['basis']}"),
        Step(step="indicated", at=row["received_at"], detail="to the hub, committed to its spool"),
        Step(
            step="decoded",
            at=row["decoded_at"] or row["stored_at"],
            detail=f"with {row['profile']}, {'on the hub' if row['decoded_at'] else 'by ingest'}",
        ),
        Step(step="sealed", at=row["sealed_at"], detail=place),
        Step(step="published", at=row["sent_at"], detail="as the hub says"),
    )


def _at_the_gateway(connection: Connection, row: dict[str, Any]) -> tuple[Step, ...]:
    again = connection.execute(AGAIN, [row["id"]]).fetchall()
    status = connection.execute(RELEASED, row).fetchone()
    oldest = status["oldest"] if status else None
    released = oldest is not None and (oldest == 0 or oldest > row["seq"])
    return (
        Step(step="received", at=row["arrived_at"], detail="by ingest"),
        Step(step="stored", at=row["stored_at"], detail=f"{row['validity']}, verified and opened"),
        Step(
            step="receipted", at=row["committed_at"], detail="due at the commit; resent until heard"
        ),
        *(
            Step(step="told again", at=r["received_at"], detail=f"seq {r['seq']}, a duplicate")
            for r in again
        ),
        Step(
            step="let go by the hub",
            at=status["told_at"] if released and status else None,
            detail="seen in its status" if released else "not yet seen in a status",
        ),
    )


def _evaluated(connection: Connection, reading: UUID) -> tuple[Step, ...]:
    row = connection.execute(EVALUATED, [reading]).fetchone()
    if row is None:
        return (Step(step="evaluated", at=None, detail="waits for the worker"),)
    detail = f"{row['rules']} rules, {row['findings']} findings"
    return (Step(step="evaluated", at=row["evaluated_at"], detail=detail),)


def _alerts(connection: Connection, reading: UUID) -> list[Step]:
    steps = []
    for row in connection.execute(ALERTS, [reading]):
        rule = f"{row['rule_key']} version {row['rule_version']}, {row['severity']}"
        steps.append(Step(step="alert", at=row["opened_at"], detail=f"{row['alert_id']} {rule}"))
        if row["resolved_at"]:
            steps.append(Step(step="alert resolved", at=row["resolved_at"], detail=rule))
        if row["task_id"]:
            detail = f"{row['task_id']} {row['priority']} {row['status']}"
            steps.append(Step(step="task", at=row["created_at"], detail=detail))
        if row["closed_at"]:
            steps.append(Step(step="task closed", at=row["closed_at"]))
    return steps
