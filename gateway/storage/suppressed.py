"""The list of what was held back or not told, each with its reason: nothing is silent."""

from datetime import datetime
from typing import Final
from uuid import UUID

from alerting.model import Severity
from device_profiles.reading import Frozen
from gateway.storage.database import Connection

LIST: Final = """
SELECT s.since, s.severity, p.name AS patient, s.rule_key, s.what, s.reason, s.until, s.ended_at,
       s.end_reason, s.alert_id, s.task_id, s.by_id, s.organisation_id
FROM suppression s JOIN patient p ON p.id = s.patient_id
WHERE (%(ended)s OR s.ended_at IS NULL)
  AND (%(organisation)s::uuid IS NULL OR s.organisation_id = %(organisation)s)
ORDER BY s.ended_at IS NOT NULL, s.severity, s.since, s.id LIMIT %(limit)s"""


class Suppressed(Frozen):
    """An alert without a task, or a task that was not told: by what, why, since and until when."""

    since: datetime
    severity: Severity
    patient: str
    rule_key: str | None
    what: str
    reason: str
    until: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    alert_id: UUID | None
    task_id: UUID | None
    by_id: UUID | None
    organisation_id: UUID


def list_suppressed(
    connection: Connection,
    *,
    organisation: UUID | None = None,
    ended: bool = False,
    limit: int = 200,
) -> tuple[Suppressed, ...]:
    """Return what is held back now, the most urgent first; with `ended` also what was."""
    asked = {"organisation": organisation, "ended": ended, "limit": limit}
    return tuple(Suppressed(**row) for row in connection.execute(LIST, asked))
