"""What a hub says is wrong with a device becomes one technical task that says what to press.

It ends by itself when the hub says that all is well and nobody has taken it.
"""

from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from device_profiles.problems import ADVICE, FOR_HANDS
from device_profiles.registry import PROFILES
from gateway.care.technical import Whose, end_task, open_task
from gateway.storage.database import Connection

KEY: Final = "device:"
AT_ONCE: Final = 50
WELL: Final = "the hub says that the device is well again"

UNSEEN: Final = """
SELECT hub_id, problems FROM hub_status WHERE unseen ORDER BY hub_id LIMIT %s
FOR UPDATE SKIP LOCKED"""
SEEN: Final = "UPDATE hub_status SET unseen = false WHERE hub_id = %s"
# Whose device it is: of several users, the one of the lowest slot.
DEVICES: Final = """
SELECT DISTINCT ON (d.id) d.id, d.organisation_id, d.profile, a.patient_id, p.timezone
FROM pairing g JOIN device d ON d.id = g.device_id
JOIN assignment a ON a.device_id = d.id AND upper_inf(a.valid)
JOIN patient p ON p.id = a.patient_id
WHERE g.hub_id = %s AND upper_inf(g.valid) ORDER BY d.id, a.user_slot NULLS FIRST"""
OPEN: Final = """
SELECT id, rule_key FROM task
WHERE device_id = %s AND starts_with(rule_key, 'device:')
  AND status NOT IN ('completed', 'cancelled', 'entered-in-error')
ORDER BY id FOR UPDATE"""


def look_after_devices(connection: Connection, now: datetime) -> int:
    """Open and end technical tasks for what hubs told since the last time; return how many hubs.

    Call it in a transaction: a hub counts as seen only with its tasks.
    """
    rows = connection.execute(UNSEEN, [AT_ONCE]).fetchall()
    for row in rows:
        for device in connection.execute(DEVICES, [row["hub_id"]]).fetchall():
            zone = ZoneInfo(device["timezone"])
            whose = Whose(device["organisation_id"], device["patient_id"], zone, device["id"])
            problem = row["problems"].get(str(device["id"]))
            _settle(connection, whose, device["id"], device["profile"], problem, now)
        connection.execute(SEEN, [row["hub_id"]])
    return len(rows)


def _settle(
    connection: Connection,
    whose: Whose,
    device: UUID,
    profile: str,
    problem: str | None,
    now: datetime,
) -> None:
    """Let the open tasks of a device be the one that its problem asks for, or none."""
    wanted = KEY + problem if problem in FOR_HANDS else None
    rows = connection.execute(OPEN, [device]).fetchall()
    for row in rows:
        if row["rule_key"] != wanted:
            end_task(connection, row["id"], WELL, now)
    if problem is not None and wanted and wanted not in {row["rule_key"] for row in rows}:
        title = f"{PROFILES[profile].name}: {problem.replace('_', ' ')}"
        open_task(connection, whose, wanted, title, ADVICE[problem], now)
