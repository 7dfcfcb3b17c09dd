"""The history of alerts and tasks: one row for everything that happens to them."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from gateway.storage.database import Connection

INSERT: Final = """
INSERT INTO alert_event (organisation_id, alert_id, task_id, at, event, actor, severity,
    rule_version, detail)
VALUES (%(organisation)s, %(alert)s, %(task)s, %(at)s, %(event)s, %(actor)s, %(severity)s,
    %(rule_version)s, %(detail)s)"""


def record(
    connection: Connection,
    organisation: UUID,
    event: str,
    at: datetime,
    *,
    alert: UUID | None = None,
    task: UUID | None = None,
    actor: str = "worker",
    severity: str | None = None,
    rule_version: int | None = None,
    **detail: Any,
) -> None:
    """Add to the history."""
    connection.execute(
        INSERT,
        {
            "organisation": organisation,
            "alert": alert,
            "task": task,
            "at": at,
            "event": event,
            "actor": actor,
            "severity": severity,
            "rule_version": rule_version,
            "detail": Jsonb(detail),
        },
    )
