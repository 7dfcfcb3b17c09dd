"""A patient's chart as alerting sees it: observations of a window, and the stored alerts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from alerting.model import Direction, Observation, Severity
from alerting.pipeline.deduplicate import AlertState, StoredAlert
from gateway.storage.database import Connection

# Far enough back for hysteresis; open alerts reach further back on their own.
WINDOW: Final = timedelta(days=7)

OLDEST_OPEN: Final = """
SELECT min(ar.measured_at) AS oldest FROM alert a JOIN alert_reading ar ON ar.alert_id = a.id
WHERE a.patient_id = %s AND a.state <> 'resolved'"""

OBSERVATIONS: Final = """
SELECT v.reading_id, v.measured_at, r.received_at, r.stored_at, v.name AS component, v.unit,
       v.validity, v.number, v.absent, v.ordinal
FROM reading_value v
JOIN reading r ON r.id = v.reading_id AND r.measured_at = v.measured_at
WHERE v.patient_id = %(patient)s AND v.measured_at >= %(since)s AND v.name = ANY(%(components)s)
  AND r.patient_id = %(patient)s AND r.measured_at >= %(since)s
  AND r.organisation_id = %(organisation)s"""

ALERTS: Final = """
SELECT a.id, a.rule_key, a.direction, a.state, a.severity, a.peak_severity, a.since,
       array_agg(ar.reading_id) AS evidence
FROM alert a JOIN alert_reading ar ON ar.alert_id = a.id
WHERE a.patient_id = %(patient)s AND (a.state <> 'resolved' OR EXISTS (
    SELECT FROM alert_reading x WHERE x.alert_id = a.id AND x.measured_at >= %(since)s))
GROUP BY a.id"""


def window_start(connection: Connection, patient: UUID, earliest: datetime) -> datetime:
    """Return from when on readings matter, for duties whose first was measured at `earliest`."""
    row = connection.execute(OLDEST_OPEN, [patient]).fetchone()
    oldest = row["oldest"] if row else None
    start = earliest - WINDOW
    return min(start, oldest) if oldest else start


def observations(
    connection: Connection,
    organisation: UUID,
    patient: UUID,
    since: datetime,
    components: Sequence[str],
) -> list[Observation]:
    """Return what was measured since then, of the named components."""
    found = connection.execute(
        OBSERVATIONS,
        {
            "organisation": organisation,
            "patient": patient,
            "since": since,
            "components": list(components),
        },
    )
    return [Observation(**row) for row in found]


def stored_alerts(connection: Connection, patient: UUID, since: datetime) -> list[StoredAlert]:
    """Return the alerts that go on, and those with evidence since then."""
    return [
        StoredAlert(
            id=row["id"],
            rule_key=row["rule_key"],
            direction=Direction(row["direction"]),
            state=AlertState(row["state"]),
            severity=Severity(row["severity"]),
            peak=Severity(row["peak_severity"]),
            since=row["since"],
            evidence=frozenset(row["evidence"]),
        )
        for row in connection.execute(ALERTS, {"patient": patient, "since": since})
    ]
