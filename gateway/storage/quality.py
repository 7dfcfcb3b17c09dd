"""What a rule is worth, from the tasks that people closed: precision, burden, how long it took."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.storage.database import Connection

# A task that ended by itself was never judged: it counts as work that was asked for, not as right
# or wrong. Times of P4 count too, though nobody has to acknowledge those.
QUALITY: Final = """
WITH days AS (
    SELECT greatest(count(DISTINCT patient_id), 1)
        * extract(epoch FROM %(end)s::timestamptz - %(begin)s::timestamptz)::float8 / 86400 AS n
    FROM reading r WHERE NOT (SELECT p.synthetic FROM patient p WHERE p.id = r.patient_id)
      AND measured_at >= %(begin)s AND measured_at < %(end)s
      AND (%(organisation)s::uuid IS NULL OR organisation_id = %(organisation)s)
), told AS (
    SELECT t.rule_key AS rule, t.direction, t.status, t.priority,
        (t.disposition ->> 'actionable')::boolean AS actionable,
        extract(epoch FROM t.accepted_at - t.created_at)::float8 / 60 AS acknowledge,
        CASE WHEN t.status = 'completed'
            THEN extract(epoch FROM t.closed_at - t.created_at)::float8 / 60 END AS close
    FROM task t WHERE t.rule_key IS NOT NULL
      AND NOT (SELECT p.synthetic FROM patient p WHERE p.id = t.patient_id)
      AND t.created_at >= %(begin)s AND t.created_at < %(end)s
      AND (%(organisation)s::uuid IS NULL OR t.organisation_id = %(organisation)s)
)
SELECT rule, count(*) AS tasks,
    count(*) FILTER (WHERE status = 'completed') AS closed,
    count(*) FILTER (WHERE actionable) AS actionable,
    count(*) FILTER (WHERE status = 'cancelled') AS ended_by_itself,
    count(*) FILTER (WHERE status NOT IN ('completed', 'cancelled', 'entered-in-error')) AS open,
    count(*) FILTER (WHERE actionable)::float8
        / nullif(count(*) FILTER (WHERE actionable IS NOT NULL), 0) AS precision,
    count(*) / (SELECT n FROM days) AS per_patient_day,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY acknowledge) AS acknowledge_median,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY acknowledge) AS acknowledge_p90,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY close) AS close_median,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY close) AS close_p90
FROM told GROUP BY rule ORDER BY count(*) DESC, rule"""


def quality(
    connection: Connection, begin: datetime, end: datetime, organisation: UUID | None = None
) -> list[dict[str, Any]]:
    """Return a row per rule whose tasks were opened between two moments; times in minutes."""
    asked = {"begin": begin, "end": end, "organisation": organisation}
    rows = connection.execute(QUALITY, asked).fetchall()
    return [{name: _short(value) for name, value in row.items()} for row in rows]


def _short(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value
