"""How much lies in each queue, as far as anybody needs to know: counted up to a hundred."""

from typing import Final

from gateway.storage.database import Connection

MOST: Final = 100
# By index task_in_queue: what is counted is never more than the limit.
COUNT: Final = """
SELECT q.queue, (SELECT count(*) FROM (
    SELECT FROM task t JOIN patient p ON p.id = t.patient_id AND NOT p.synthetic
    WHERE t.organisation_id = app_organisation() AND t.queue = q.queue
      AND t.status NOT IN ('completed', 'cancelled', 'entered-in-error') LIMIT %(most)s) x) AS open
FROM unnest(ARRAY['clinical', 'adherence', 'technical']) AS q(queue)"""


def badges(connection: Connection) -> dict[str, int]:
    """Return how many tasks are open by queue; `MOST` means: so many or more."""
    rows = connection.execute(COUNT, {"most": MOST})
    return {row["queue"]: row["open"] for row in rows}
