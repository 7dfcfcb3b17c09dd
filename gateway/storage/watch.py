"""What happens, as it happens, each told once.

Rows are looked up again for a while, so that a transaction that commits late is not overlooked.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.storage.database import Connection

# Longer than any transaction of ingest or worker.
LOOK_BACK: Final = timedelta(seconds=30)

STORED: Final = """
SELECT 'stored' AS event, e.stored_at AS at, r.id::text AS id, e.hub_id, p.name AS patient,
       r.patient_id, r.kind, r.received_at, r.stored_at, r.measured_at, r.validity,
       (SELECT string_agg(concat_ws(' ', v.name, coalesce(v.number::text, v.absent), v.unit), ', '
                          ORDER BY v.ordinal)
        FROM reading_value v WHERE v.reading_id = r.id AND v.measured_at = r.measured_at
          AND (v.number IS NOT NULL OR v.absent IN ('HI', 'LO'))) AS text
FROM envelope e
JOIN identity i ON i.reading_id = e.reading_id
JOIN reading r ON r.id = i.reading_id AND r.measured_at = i.measured_at
JOIN patient p ON p.id = r.patient_id
WHERE e.disposition = 'stored' AND e.stored_at >= %(since)s"""

EVALUATED: Final = """
SELECT 'evaluated' AS event, v.evaluated_at AS at, v.reading_id::text AS id, v.findings
FROM evaluation v WHERE v.evaluated_at >= %(since)s"""

NOT_STORED: Final = """
SELECT disposition AS event, stored_at AS at, hub_id || '/' || epoch || '/' || seq AS id, hub_id,
       coalesce(reason, kind) AS text
FROM envelope WHERE disposition IN ('duplicate', 'quarantined') AND stored_at >= %(since)s"""

TASKS: Final = """
SELECT 'task' AS event, t.created_at AS at, t.id::text AS id, p.name AS patient, t.patient_id,
       t.priority, t.queue, t.rule_key, t.created_at, t.sentence AS text
FROM task t JOIN patient p ON p.id = t.patient_id
WHERE t.created_at >= %(since)s"""


class Watch:
    """Tells every event since `start` once."""

    def __init__(self, start: datetime) -> None:
        self._start = self._since = start
        self._told: dict[tuple[str, str], datetime] = {}

    def new(self, connection: Connection, now: datetime) -> Iterator[dict[str, Any]]:
        """Yield what was not told yet, in the order of its time."""
        since = {"since": self._since}
        queries = (STORED, EVALUATED, NOT_STORED, TASKS)
        rows = [row for query in queries for row in connection.execute(query, since)]
        for row in sorted(rows, key=lambda row: row["at"]):
            key = (row["event"], row["id"])
            if key not in self._told:
                self._told[key] = row["at"]
                yield row
        self._since = max(self._start, now - LOOK_BACK)
        forgotten = now - 2 * LOOK_BACK
        self._told = {key: at for key, at in self._told.items() if at > forgotten}
