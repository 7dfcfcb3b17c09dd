"""Rows of what keeps readings from coming: begun, over, due, and those of one patient."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from alerting.silence import Cause, Trouble
from gateway.storage.database import Connection

Row = dict[str, Any]

# What a hub that spoke within the last minutes says of its devices.
BEGIN_DEVICES: Final = """
INSERT INTO trouble (organisation_id, hub_id, device_id, cause, what, since, next_action_at)
SELECT s.organisation_id, s.hub_id, w.device, 'device', w.what, s.received_at,
    CASE WHEN w.what = ANY(%(hands)s) OR w.what = 'battery_low' THEN %(now)s
         ELSE %(now)s + %(tries)s END
FROM hub_status s JOIN hub h ON h.id = s.hub_id AND NOT h.synthetic
CROSS JOIN LATERAL (
    SELECT key::uuid AS device, value AS what FROM jsonb_each_text(s.problems)
    UNION ALL
    SELECT b.device, 'battery_low'
    FROM jsonb_to_recordset(s.body -> 'devices') AS b(device uuid, battery_percent int)
    WHERE b.battery_percent <= %(low)s) AS w
JOIN pairing g ON g.device_id = w.device AND g.hub_id = s.hub_id AND upper_inf(g.valid)
WHERE s.received_at > %(now)s - interval '10 minutes'
ON CONFLICT DO NOTHING RETURNING id"""
# When anything came last, from whichever hub, the watchdog's own among them; and how many hubs
# spoke within the day before that.
HEARD: Final = """
SELECT last.at, (SELECT count(*) FROM hub_status s WHERE s.received_at > last.at - interval '1 day')
    + (SELECT count(*) FROM watchdog) AS hubs
FROM (SELECT greatest((SELECT max(received_at) FROM hub_status),
    (SELECT max(stored_at) FROM envelope)) AS at) AS last"""
# One hub alone proves nothing: it may be that one.
BEGIN_OURS: Final = """
INSERT INTO trouble (organisation_id, cause, what, since, next_action_at)
SELECT o.id, 'ours', 'nothing_arrives', %(heard)s, %(now)s FROM organisation o
WHERE EXISTS (SELECT FROM hub_status s WHERE s.organisation_id = o.id)
ON CONFLICT DO NOTHING RETURNING id"""
# Receipted: the hub has let go of it, and we have the only copy.
HELD: Final = """
q.state = 'held' AND q.receipted AND q.hub_id IS NOT NULL
    AND q.reason NOT IN ('implausible_jump', 'no_reading')"""
BEGIN_HELD: Final = f"""
INSERT INTO trouble (organisation_id, hub_id, cause, what, since, next_action_at)
SELECT h.organisation_id, h.id, 'ours', 'held', min(q.received_at), %(now)s
FROM quarantine q JOIN hub h ON h.id = q.hub_id AND NOT h.synthetic
WHERE {HELD} GROUP BY h.organisation_id, h.id
ON CONFLICT DO NOTHING RETURNING id"""  # noqa: S608 - constants only
# Not heard, though something is; after an outage of ours it has time to come back. A hub that never
# spoke counts where somebody expects readings.
BEGIN_HUBS: Final = """
INSERT INTO trouble (organisation_id, hub_id, cause, what, since, next_action_at)
SELECT h.organisation_id, h.id, 'hub', 'offline', heard.at, heard.at + %(silent)s + %(more)s
FROM hub h LEFT JOIN hub_status s ON s.hub_id = h.id
CROSS JOIN LATERAL (SELECT greatest(coalesce(s.received_at, h.created_at), max(t.until)) AS at
    FROM trouble t WHERE t.organisation_id = h.organisation_id
      AND t.what = 'nothing_arrives') AS heard
WHERE h.state IN ('active', 'suspended') AND NOT h.synthetic
  AND heard.at <= %(now)s - %(silent)s::interval
  AND EXISTS (SELECT FROM pairing g JOIN assignment a ON a.device_id = g.device_id
      WHERE g.hub_id = h.id AND upper_inf(g.valid) AND upper_inf(a.valid)
        AND (s.hub_id IS NOT NULL OR EXISTS (SELECT FROM schedule c
            WHERE c.patient_id = a.patient_id AND c.until IS NULL)))
  AND NOT EXISTS (SELECT FROM trouble t WHERE t.organisation_id = h.organisation_id
      AND t.what = 'nothing_arrives' AND t.until IS NULL)
ON CONFLICT DO NOTHING RETURNING id"""
END_DEVICES: Final = """
UPDATE trouble t SET until = %(now)s, next_action_at = NULL
WHERE t.cause = 'device' AND t.until IS NULL AND NOT EXISTS (
    SELECT FROM hub_status s
    JOIN pairing g ON g.hub_id = s.hub_id AND g.device_id = t.device_id AND upper_inf(g.valid)
    WHERE s.hub_id = t.hub_id AND (s.problems ->> t.device_id::text = t.what
        OR t.what = 'battery_low' AND EXISTS (
            SELECT FROM jsonb_to_recordset(s.body -> 'devices')
                AS b(device uuid, battery_percent int)
            WHERE b.device = t.device_id AND coalesce(b.battery_percent, 0) < %(well)s)))
RETURNING t.id, t.task_id, t.what"""
END_HUBS: Final = """
UPDATE trouble t SET until = greatest(s.received_at, t.since), next_action_at = NULL
FROM hub h LEFT JOIN hub_status s ON s.hub_id = h.id
WHERE h.id = t.hub_id AND t.what = 'offline' AND t.until IS NULL AND (s.received_at > t.since
    OR h.state NOT IN ('active', 'suspended')
    OR NOT EXISTS (SELECT FROM pairing g WHERE g.hub_id = h.id AND upper_inf(g.valid)))
RETURNING t.id, t.task_id, t.what"""
END_OURS: Final = """
UPDATE trouble SET until = greatest(%(heard)s, since), next_action_at = NULL
WHERE what = 'nothing_arrives' AND until IS NULL AND since < %(heard)s
RETURNING id, task_id, what"""
END_HELD: Final = f"""
UPDATE trouble t SET until = %(now)s, next_action_at = NULL
WHERE t.what = 'held' AND t.until IS NULL
  AND NOT EXISTS (SELECT FROM quarantine q WHERE q.hub_id = t.hub_id AND {HELD})
RETURNING t.id, t.task_id, t.what"""  # noqa: S608 - constants only
DUE: Final = """
SELECT t.id, t.organisation_id, t.hub_id, t.device_id, t.cause, t.what, t.since, t.task_id,
    k.closed_at
FROM trouble t LEFT JOIN task k ON k.id = t.task_id
WHERE t.next_action_at <= %s ORDER BY t.next_action_at, t.id LIMIT 200
FOR UPDATE OF t SKIP LOCKED"""
SEEN_TO: Final = "UPDATE trouble SET task_id = %s, next_action_at = %s WHERE id = %s"
# Whose home it is: of a device, its user of the lowest slot; of a hub, that of its first device.
HOME: Final = """
SELECT a.patient_id, p.timezone FROM pairing g
JOIN assignment a ON a.device_id = g.device_id JOIN patient p ON p.id = a.patient_id
WHERE g.hub_id = %(hub)s AND (%(device)s::uuid IS NULL OR g.device_id = %(device)s)
ORDER BY upper_inf(a.valid) DESC, g.id, a.user_slot NULLS FIRST LIMIT 1"""
OPEN_TASK: Final = """
SELECT id FROM task WHERE device_id = %s AND rule_key = %s
  AND status NOT IN ('completed', 'cancelled', 'entered-in-error')"""
LOOK: Final = """
UPDATE schedule c SET next_action_at = %(now)s
FROM trouble t WHERE t.id = ANY(%(troubles)s) AND c.until IS NULL
  AND c.organisation_id = t.organisation_id AND (t.hub_id IS NULL OR EXISTS (
    SELECT FROM pairing g JOIN assignment a ON a.device_id = g.device_id
    WHERE g.hub_id = t.hub_id AND a.patient_id = c.patient_id))"""
# What is held, lost or let go concerns the day of which we learnt it, and of a loss the day before.
OF_PATIENT: Final = f"""
WITH mine AS (
    SELECT DISTINCT g.hub_id, a.device_id, d.profile FROM assignment a
    JOIN pairing g ON g.device_id = a.device_id AND upper_inf(g.valid)
    JOIN device d ON d.id = a.device_id
    WHERE a.patient_id = %(patient)s AND upper_inf(a.valid))
SELECT t.cause, t.since, t.until FROM trouble t
WHERE t.organisation_id = %(organisation)s AND t.what <> 'held'
  AND (t.until IS NULL OR t.until >= %(since)s)
  AND (t.hub_id IS NULL
    OR t.device_id IS NULL AND t.hub_id IN (SELECT hub_id FROM mine)
    OR t.device_id IN (SELECT device_id FROM mine WHERE profile = ANY(%(profiles)s)))
UNION ALL
SELECT 'ours', q.received_at, q.received_at FROM quarantine q
WHERE {HELD} AND q.hub_id IN (SELECT hub_id FROM mine) AND q.received_at >= %(since)s
UNION ALL
SELECT 'ours', h.noticed_at - interval '1 day', h.noticed_at FROM hole h
WHERE h.hub_id IN (SELECT hub_id FROM mine) AND h.noticed_at >= %(since)s
UNION ALL
SELECT 'ours', g.told_at - interval '1 day', g.told_at FROM gap g
WHERE g.hub_id IN (SELECT hub_id FROM mine) AND g.told_at >= %(since)s"""  # noqa: S608 - constants only


def begin_devices(
    connection: Connection, low: int, tries: timedelta, hands: Sequence[str], now: datetime
) -> list[Row]:
    """Begin what hubs say is wrong with devices."""
    told = {"low": low, "tries": tries, "hands": list(hands), "now": now}
    return connection.execute(BEGIN_DEVICES, told).fetchall()


def begin_ours(connection: Connection, silent: timedelta, now: datetime) -> list[Row]:
    """Begin what is our own: nothing arrives from anybody, or what arrived is held."""
    begun = connection.execute(BEGIN_HELD, {"now": now}).fetchall()
    (heard,) = connection.execute(HEARD).fetchall()
    if heard["at"] is not None and heard["hubs"] > 1 and now - heard["at"] >= silent:
        told = {"heard": heard["at"], "now": now}
        begun += connection.execute(BEGIN_OURS, told).fetchall()
    return begun


def begin_hubs(
    connection: Connection, silent: timedelta, more: timedelta, now: datetime
) -> list[Row]:
    """Begin for hubs that were not heard for so long, while others were."""
    told = {"silent": silent, "more": more, "now": now}
    return connection.execute(BEGIN_HUBS, told).fetchall()


def end_all(connection: Connection, well: int, silent: timedelta, now: datetime) -> list[Row]:
    """End what is over."""
    told = {"well": well, "now": now}
    over = connection.execute(END_DEVICES, told).fetchall()
    over += connection.execute(END_HUBS).fetchall()
    over += connection.execute(END_HELD, told).fetchall()
    (heard,) = connection.execute(HEARD).fetchall()
    if heard["at"] is not None and now - heard["at"] < silent:
        over += connection.execute(END_OURS, {"heard": heard["at"]}).fetchall()
    return over


def due(connection: Connection, now: datetime) -> list[Row]:
    """Lock and return what somebody has to be asked or told about."""
    return connection.execute(DUE, [now]).fetchall()


def seen_to(connection: Connection, trouble: UUID, task: UUID | None, again: datetime) -> None:
    """Note its task and when it is looked at again."""
    connection.execute(SEEN_TO, [task, again, trouble])


def home(connection: Connection, hub: UUID, device: UUID | None) -> Row | None:
    """Return whose home it is."""
    return connection.execute(HOME, {"hub": hub, "device": device}).fetchone()


def rule(what: str, of_device: bool, for_hands: bool) -> str:
    """Return the key of its task: for what devices.py opens too, the same."""
    if not of_device:
        return f"hub:{what}"
    return f"device:{what}" if for_hands else f"trouble:{what}"


def open_task_of(connection: Connection, rule_key: str, device: UUID | None) -> UUID | None:
    """Return the open task of a device and rule."""
    row = connection.execute(OPEN_TASK, [device, rule_key]).fetchone()
    return row["id"] if row else None


def look_at_schedules(connection: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Have the schedules looked at that these concern."""
    connection.execute(LOOK, {"troubles": list(ids), "now": now})


def of_patient(
    connection: Connection,
    organisation: UUID,
    patient: UUID,
    profiles: Sequence[str],
    since: datetime,
) -> tuple[Trouble, ...]:
    """Return what kept readings of devices of these profiles from coming, since a moment."""
    asked = {
        "organisation": organisation,
        "patient": patient,
        "profiles": list(profiles),
        "since": since,
    }
    rows = connection.execute(OF_PATIENT, asked)
    return tuple(Trouble(Cause(row["cause"]), row["since"], row["until"]) for row in rows)
