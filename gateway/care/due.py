"""When a task must be acknowledged and acted on. All of these are defaults (J).

P1 follows NEWS2 >= 7 (30 min), P2 telephone triage (1 h, 4 h), P3 and P4 triage within one and
three days. Holidays are not known: a working day is Monday to Friday where the patient lives.
"""

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from alerting.model import Severity
from device_profiles.reading import Frozen

# Acknowledged "on the next working day" means by the end of it.
CLOSE_OF_WORK: Final = time(17, 0)
ACKNOWLEDGE: Final = {Severity.P1: timedelta(minutes=15), Severity.P2: timedelta(hours=1)}
ACT: Final = {
    Severity.P1: timedelta(minutes=30),
    Severity.P2: timedelta(hours=4),
    Severity.P3: timedelta(hours=24),
    Severity.P4: timedelta(hours=72),
}


class Due(Frozen):
    """By when; `ack_at` is None where nobody has to say that they have seen it."""

    ack_at: datetime | None
    act_at: datetime


def due(priority: Severity, since: datetime, zone: ZoneInfo) -> Due:
    """Return when a task that is given at `since` is due, for a patient who lives in `zone`."""
    act = since + ACT[priority]
    if priority is Severity.P4:
        return Due(ack_at=None, act_at=act)
    if priority is Severity.P3:
        # Over a week-end 24 h would end before anybody has to see it: then both end together.
        ack = next_close_of_work(since, zone)
        return Due(ack_at=ack, act_at=max(act, ack))
    return Due(ack_at=since + ACKNOWLEDGE[priority], act_at=act)


def sooner(one: Due, other: Due) -> Due:
    """Return the earlier of both deadlines: a raised task never gets more time."""
    acks = [ack for ack in (one.ack_at, other.ack_at) if ack]
    return Due(ack_at=min(acks, default=None), act_at=min(one.act_at, other.act_at))


def next_close_of_work(since: datetime, zone: ZoneInfo) -> datetime:
    """Return the end of the first working day after the local day of `since`."""
    day = since.astimezone(zone).date() + timedelta(days=1)
    while day.isoweekday() > 5:
        day += timedelta(days=1)
    return datetime.combine(day, CLOSE_OF_WORK, zone).astimezone(since.tzinfo)
