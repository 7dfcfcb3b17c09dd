"""The history of alerts and tasks: one row for everything that happens to them."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from gateway.storage.database import Connection

INSERT: Final = """
INSERT INTO alert_event (organisation_id, alert_id, task_id, at, event, actor, severity,
    rule_version, detail)
SELECT %(organisation)s, %(alert)s, %(task)s, %(at)s, %(event)s, %(actor)s, %(severity)s,
    %(rule_version)s, %(detail)s
WHERE %(quiet)s::interval IS NULL OR NOT EXISTS (
    SELECT FROM alert_event e WHERE e.alert_id = %(alert)s AND e.event = %(event)s
      AND e.task_id IS NOT DISTINCT FROM %(task)s AND e.at > %(at)s::timestamptz - %(quiet)s)"""

# Evidence may come every second; alert_reading has all of it, each with when it was added.
EVIDENCE_EVERY: Final = timedelta(hours=1)


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
    quiet: timedelta | None = None,
    **detail: Any,
) -> None:
    """Add to the history; with `quiet` not where the same was said of this alert so lately."""
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
            "quiet": quiet,
            "detail": Jsonb(detail),
        },
    )
