"""What keeps readings from coming, by whose work it is: devices, hubs, our own side.

Each is a row from when it is known until it is over, so that a day in it is never taken for a
patient who did not measure. Every row looks after its own task: no silence is without somebody.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from alerting.words import Said, template
from device_profiles.problems import ADVICE, FOR_HANDS
from gateway.care.technical import Whose, end_task, open_task
from gateway.storage import troubles
from gateway.storage.database import Connection

# All of these are judgments (J).
BATTERY_LOW: Final = 10
BATTERY_WELL: Final = 20
OFFLINE: Final = timedelta(hours=2)
"""A hub tells of itself every minute."""
NOTHING_ARRIVES: Final = timedelta(minutes=30)
"""From no hub at all: that is our side."""
OFFLINE_TASK: Final = timedelta(hours=2)
"""So much later than the row: a router that is switched off for dinner asks nobody."""
TRIES: Final = timedelta(days=1)
"""For what the hub tries again by itself."""
AGAIN: Final = timedelta(days=1)
ASK_AGAIN: Final = timedelta(days=3)
"""After somebody closed the task, and it is not over."""

TITLES: Final = {
    "battery_low": template("Battery of a device nearly empty"),
    "offline": template("Hub not heard of"),
}
CHANGE: Final = template("The device tells that its battery is nearly empty. Change it.")
HUB_SAYS: Final = template(
    "The hub has not been heard of since {since}. Ask whether it has power and the network works. "
    "What was measured meanwhile waits in it."
)
WELL: Final = template("it is over")

log = structlog.get_logger()


def look_for_troubles(connection: Connection, now: datetime) -> int:
    """Notice what begins and what is over, and see to the tasks that are due; count those."""
    begun = troubles.begin_devices(connection, BATTERY_LOW, TRIES, sorted(FOR_HANDS), now)
    begun += troubles.begin_ours(connection, NOTHING_ARRIVES, now)
    begun += troubles.begin_hubs(connection, OFFLINE, OFFLINE_TASK, now)
    over = troubles.end_all(connection, BATTERY_WELL, NOTHING_ARRIVES, now)
    for row in over:
        # devices.py ends its own.
        if row["task_id"] is not None and row["what"] not in FOR_HANDS:
            end_task(connection, row["task_id"], WELL, now)
    if begun or over:
        troubles.look_at_schedules(connection, [row["id"] for row in (*begun, *over)], now)
    due = troubles.due(connection, now)
    for row in due:
        _see_to(connection, row, now)
    return len(due)


def _see_to(connection: Connection, row: Mapping[str, Any], now: datetime) -> None:
    """See that somebody has it: operators by a line, people at the home by a task."""
    task = row["task_id"]
    if row["cause"] == "ours":
        log.error(
            "readings_kept_back", what=row["what"], hub=_text(row["hub_id"]), do="silence list"
        )
    elif row["closed_at"] is None or row["closed_at"] + ASK_AGAIN <= now:
        task = _task(connection, row, now) if task is None or row["closed_at"] else task
    troubles.seen_to(connection, row["id"], task, now + AGAIN)


def _task(connection: Connection, row: Mapping[str, Any], now: datetime) -> UUID | None:
    """Open the task, or find the one that is open already; None for a home without anybody."""
    home = troubles.home(connection, row["hub_id"], row["device_id"])
    if home is None:
        return None
    zone = ZoneInfo(home["timezone"])
    rule = troubles.rule(row["what"], row["device_id"] is not None, row["what"] in FOR_HANDS)
    whose = Whose(row["organisation_id"], home["patient_id"], zone, row["device_id"])
    found = troubles.open_task_of(connection, rule, row["device_id"])
    if found is not None and row["device_id"] is not None:
        return found
    return open_task(connection, whose, rule, _title(row), _sentence(row, zone), now)


def _title(row: Mapping[str, Any]) -> str:
    what = str(row["what"])
    return TITLES.get(what, what.replace("_", " ").capitalize())


def _sentence(row: Mapping[str, Any], zone: ZoneInfo) -> str:
    if row["what"] == "offline":
        since = f"{row['since'].astimezone(zone):%Y-%m-%d %H:%M}"
        return str(Said.of(HUB_SAYS, since=since))
    return ADVICE.get(row["what"], CHANGE)


def _text(id_: UUID | None) -> str | None:
    return str(id_) if id_ else None
