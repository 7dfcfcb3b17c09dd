"""Stage 9: when each recipient is told: now, after quiet hours, or with others in a digest.

P1 and P2 are told now, always.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from alerting.model import Severity
from alerting.on_call import DAY, local
from alerting.pipeline.inhibit import What
from alerting.pipeline.route import CONSOLE, Recipient
from alerting.pipeline.snooze import URGENT
from alerting.roster import Quiet, Roster

HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Notice:
    """A recipient and when to tell; `because` says what it waits for, if it waits."""

    recipient: Recipient
    at: datetime
    because: What | None = None
    reason: str = ""


def quiet_until(quiet: Quiet | None, at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when the quiet hours end in which this moment lies; None where it lies in none."""
    if quiet is None or quiet.begins == quiet.ends:
        return None
    today = at.astimezone(zone).date()
    for day in (today - DAY, today):
        night = quiet.ends < quiet.begins
        begins = local(day, quiet.begins, zone)
        ends = local(day + DAY if night else day, quiet.ends, zone)
        if begins <= at < ends:
            return ends
    return None


@dataclass(frozen=True, slots=True)
class Notify:
    """Says when; `told` counts the P3 and P4 of the last hour by channel and address."""

    roster: Roster
    priority: Severity
    told: Mapping[tuple[str, str], int]

    def __call__(self, items: Sequence[Recipient], now: datetime, /) -> tuple[Notice, ...]:
        """Return when each recipient is told."""
        return tuple(self._one(each, now) for each in items)

    def _one(self, recipient: Recipient, now: datetime) -> Notice:
        if self.priority in URGENT or recipient.channel == CONSOLE:
            return Notice(recipient, now)
        ends = quiet_until(self.roster.quiet, now, self.roster.zone)
        if self.told.get((recipient.channel, recipient.address), 0) >= self.roster.digest.most:
            at = max(next_hour(now), ends or now)
            most = self.roster.digest.most
            return Notice(recipient, at, What.DIGEST, f"more than {most} in an hour: one digest")
        if ends is not None:
            return Notice(recipient, ends, What.QUIET, "quiet hours")
        return Notice(recipient, now)


def next_hour(at: datetime) -> datetime:
    """Return the next full hour, when digests go out."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + HOUR
