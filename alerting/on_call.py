"""Who is on call at a moment: rotations handed over at a local hour; stand-ins for single days.

A shift ends at the same hour of the local clock, whatever the clock was set to meanwhile. A day of
a schedule begins at the hour of the hand-over, so that a stand-in leaves no gap at night.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator

from device_profiles.reading import Frozen

DAY: Final = timedelta(days=1)


def _quoted(value: Any) -> Any:
    """Refuse what YAML makes of 20:00 without quotes: 1200, which would be twenty past midnight."""
    if isinstance(value, int | float):
        raise ValueError('write an hour in quotes, as "20:00"')  # noqa: TRY004 - pydantic's way
    return value


Hour = Annotated[time, BeforeValidator(_quoted)]


def local(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """Return a moment of the local clock in UTC.

    An hour that the clock skips is taken as if it had not been set: 02:30 becomes 03:30. Of an hour
    that comes twice it is the first.
    """
    return datetime.combine(day, hour, zone).astimezone(UTC)


class Schedule(Frozen):
    """Persons who take turns of `days` days from the hand-over of `starts` on."""

    persons: Annotated[tuple[str, ...], Field(min_length=1)]
    starts: date
    handover: Hour = time(8, 0)
    days: Annotated[int, Field(ge=1, le=366)] = 7

    @field_validator("handover")
    @classmethod
    def _local(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("the hand-over is an hour of the organisation's own clock")
        return value


@dataclass(frozen=True, slots=True)
class StandIn:
    """Somebody else for one day of a schedule."""

    schedule: str
    day: date
    person: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """Who has it from when until when; `stand_in` says why it is not who would have it."""

    person: str
    since: datetime
    until: datetime
    stand_in: str | None = None


def day_of(schedule: Schedule, at: datetime, zone: ZoneInfo) -> date:
    """Return the day of the schedule: before the hand-over it is still the one before."""
    today = at.astimezone(zone).date()
    return today if local(today, schedule.handover, zone) <= at else today - DAY


def on_call(
    schedule: Schedule, stand_ins: Sequence[StandIn], at: datetime, zone: ZoneInfo
) -> Shift | None:
    """Return the shift at this moment; None before the schedule begins.

    `stand_ins` are those of this schedule, the newest last.
    """
    day = day_of(schedule, at, zone)
    turn = (day - schedule.starts).days // schedule.days
    if turn < 0:
        return None
    instead = [each for each in stand_ins if each.day == day]
    if instead:
        reason = instead[-1].reason or "stand-in"
        return Shift(instead[-1].person, *_span(schedule, day, day + DAY, zone), reason)
    first, person = _first(schedule, turn), schedule.persons[turn % len(schedule.persons)]
    others = {each.day for each in stand_ins}
    begin, end = day, day + DAY
    while begin > first and begin - DAY not in others:
        begin -= DAY
    while end < _first(schedule, turn + 1) and end not in others:
        end += DAY
    return Shift(person, *_span(schedule, begin, end, zone))


def shifts(
    schedule: Schedule,
    stand_ins: Sequence[StandIn],
    since: datetime,
    until: datetime,
    zone: ZoneInfo,
) -> Iterator[Shift]:
    """Return the shifts of a time one after another, as a dry run of the roster."""
    at = max(since, local(schedule.starts, schedule.handover, zone))
    while at < until and (shift := on_call(schedule, stand_ins, at, zone)):
        yield shift
        at = shift.until


def _span(schedule: Schedule, begin: date, end: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return local(begin, schedule.handover, zone), local(end, schedule.handover, zone)


def _first(schedule: Schedule, turn: int) -> date:
    return schedule.starts + turn * schedule.days * DAY
