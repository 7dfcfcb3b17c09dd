"""Technical tasks for sequence numbers that a hub holds no more and that nobody accounts for.

A reading may have been in them. The task comes after a delay, since a number can still be told in
a later gap record, and it ends by itself when all are accounted for and nobody has taken it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.care.technical import Whose, end_task, open_task
from gateway.storage.database import Connection

DELAY: Final = timedelta(minutes=15)
RULE: Final = "hub:missing"
TITLE: Final = "Readings may be missing"
FOUND: Final = "all sequence numbers are accounted for now"

NOTICE: Final = """
INSERT INTO hole (hub_id, epoch, organisation_id, noticed_at)
SELECT hub_id, epoch, organisation_id, %s FROM ledger WHERE missing - accounted <> '{}'
ON CONFLICT DO NOTHING"""
FILLED: Final = """
DELETE FROM hole h USING ledger l
WHERE (l.hub_id, l.epoch) = (h.hub_id, h.epoch) AND l.missing - l.accounted = '{}'
RETURNING h.task_id"""
# Whose home it is: the patient of the hub's first device.
RIPE: Final = """
SELECT h.hub_id, h.epoch, h.organisation_id, w.patient_id, w.timezone, s.count, s.first
FROM hole h JOIN ledger l ON (l.hub_id, l.epoch) = (h.hub_id, h.epoch)
CROSS JOIN LATERAL (
    SELECT sum(upper(m) - lower(m))::bigint AS count, min(lower(m)) AS first
    FROM unnest(l.missing - l.accounted) AS m) AS s
CROSS JOIN LATERAL (
    SELECT a.patient_id, p.timezone FROM pairing g
    JOIN assignment a ON a.device_id = g.device_id JOIN patient p ON p.id = a.patient_id
    WHERE g.hub_id = h.hub_id
    ORDER BY upper_inf(a.valid) DESC, g.id, a.user_slot NULLS FIRST LIMIT 1) AS w
WHERE h.task_id IS NULL AND h.noticed_at <= %s FOR UPDATE OF h SKIP LOCKED"""
ASKED: Final = "UPDATE hole SET task_id = %s WHERE hub_id = %s AND epoch = %s"


def look_for_holes(connection: Connection, now: datetime) -> int:
    """Notice holes, ask somebody about old ones, end the tasks of filled ones; count the asked."""
    connection.execute(NOTICE, [now])
    for filled in connection.execute(FILLED).fetchall():
        if filled["task_id"] is not None:
            end_task(connection, filled["task_id"], FOUND, now)
    ripe = connection.execute(RIPE, [now - DELAY]).fetchall()
    for hole in ripe:
        whose = Whose(hole["organisation_id"], hole["patient_id"], ZoneInfo(hole["timezone"]))
        task = open_task(connection, whose, RULE, TITLE, _sentence(hole), now)
        connection.execute(ASKED, [task, hole["hub_id"], hole["epoch"]])
    return len(ripe)


def _sentence(hole: Mapping[str, Any]) -> str:
    numbers = "sequence number" if hole["count"] == 1 else "sequence numbers"
    return (
        f"{hole['count']} {numbers} of the hub (epoch {hole['epoch']}, from {hole['first']}) never "
        "arrived, and the hub holds them no more. Ask whether the patient measured then, compare "
        "with the device's own memory, and look at the hub's card."
    )
