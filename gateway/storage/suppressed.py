"""The list of what was held back or not told, each with its reason: nothing is silent."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from alerting.model import Severity
from alerting.silence import WHY, Cause
from device_profiles.reading import Frozen
from gateway.storage.database import Connection

TECHNICAL: Final = "technical"
LIST: Final = """
SELECT s.since, s.severity, p.name AS patient, s.rule_key, s.what, s.reason, s.until, s.ended_at,
       s.end_reason, s.alert_id, s.task_id, s.by_id, s.organisation_id
FROM suppression s JOIN patient p ON p.id = s.patient_id
WHERE (%(ended)s OR s.ended_at IS NULL)
  AND (%(organisation)s::uuid IS NULL OR s.organisation_id = %(organisation)s) AND NOT p.synthetic
UNION ALL
-- That a patient did not measure is nobody's task while it may be something else.
SELECT s.held_since, 'P4', p.name, 'adherence:' || c.measure, 'technical', s.held_by, NULL,
       s.ended_at, s.end_reason, NULL, NULL, s.id, s.organisation_id
FROM silence s JOIN schedule c ON c.id = s.schedule_id JOIN patient p ON p.id = s.patient_id
WHERE s.held_by IS NOT NULL AND (%(ended)s OR s.ended_at IS NULL)
  AND (%(organisation)s::uuid IS NULL OR s.organisation_id = %(organisation)s)
ORDER BY 8 NULLS FIRST, 2, 1, 10, 11, 12 LIMIT %(limit)s"""


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
    return tuple(_told(row) for row in connection.execute(LIST, asked))


def _told(row: dict[str, Any]) -> Suppressed:
    """Say in words by what an adherence finding is held back."""
    if row["what"] == TECHNICAL:
        row = {**row, "reason": WHY[Cause(row["reason"])]}
    return Suppressed(**row)
