"""Why nothing comes from a patient, and what to do about it: pure, by the patient's own calendar.

A scheduled day is missed when it is over, its grace too, and no valid reading was taken on it. A
day that a trouble with our side or the equipment touches is excused: the patient may have measured.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from alerting.words import Said, template

EVERY_DAY: Final = frozenset(range(1, 8))
GRACE: Final = timedelta(hours=6)
# What a hub or an operator brings back arrives within the hour.
SETTLES: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


class Cause(StrEnum):
    """Why there is no reading; each is another person's work."""

    PATIENT = "patient"
    DEVICE = "device"
    HUB = "hub"
    OURS = "ours"


class Step(StrEnum):
    """What a silence asks for; each includes those before it."""

    NOTHING = "nothing"
    REMIND = "remind"
    TASK = "task"
    REVIEW = "review"

    @property
    def height(self) -> int:
        """Return its place in the order."""
        return list(Step).index(self)


@dataclass(frozen=True, slots=True)
class Schedule:
    """On which weekdays (ISO: Monday is 1) a patient measures, and when somebody is asked.

    Reminder and task after so many missed scheduled days in a row, the review after so many silent
    days of the calendar. The first day that can be missed is the one after `since`.
    """

    since: datetime
    days: frozenset[int] = EVERY_DAY
    grace: timedelta = GRACE
    remind_after: int = 1
    task_after: int = 3
    review_after: int = 21


@dataclass(frozen=True, slots=True)
class Trouble:
    """A time in which a reading could not have come, and why; without an end it goes on."""

    cause: Cause
    since: datetime
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Tell whether it goes on, or what it held up may still be on its way."""
        return self.since <= now and (self.until is None or now < self.until + SETTLES)

    def touches(self, begin: datetime, end: datetime) -> bool:
        """Tell whether it lasted at any moment between two."""
        return self.since < end and (self.until is None or self.until >= begin)


@dataclass(frozen=True, slots=True)
class Silence:
    """What is the matter now. `missed` and `silent` count no excused day; `excused` does.

    `held_by` is set where less is asked than the days alone would ask: that is suppressed, and why.
    """

    step: Step
    missed: int
    silent: int
    excused: int
    since: date | None
    """The first day, missed or excused, since the patient's last reading."""
    held: Step
    held_by: Cause | None
    next_look: datetime


# One sentence a cause, for lists and histories.
WHY: Final = {
    Cause.PATIENT: template("the patient did not measure"),
    Cause.DEVICE: template("the device needs somebody: battery, bond or clock"),
    Cause.HUB: template("the hub is not heard of"),
    Cause.OURS: template("something was lost or refused on our side"),
}


def judge(
    schedule: Schedule,
    readings: Iterable[datetime],
    troubles: Sequence[Trouble],
    now: datetime,
    zone: ZoneInfo,
) -> Silence:
    """Judge by the times of the valid automatic readings of the scheduled measure.

    Only the newest reading matters: it ends every silence before it.
    """
    over = list(_over(schedule, max(readings, default=None), now, zone))
    excused = {day for day in over if _excused(day, troubles, zone)}
    asked = [day for day in over if day.isoweekday() in schedule.days]
    missed = [day for day in asked if day not in excused]
    alone = _step(schedule, len(asked), len(over))
    step = _step(schedule, len(missed), len(over) - len(excused))
    holding = [each for each in troubles if each.holds(now)]
    if holding:
        step = Step.NOTHING
    held = alone if alone.height > step.height else Step.NOTHING
    return Silence(
        step=step,
        missed=len(missed),
        silent=len(over) - len(excused),
        excused=len(set(asked) & excused),
        since=asked[0] if asked else None,
        held=held,
        held_by=_held_by(held, holding, troubles),
        next_look=_next_look(schedule, holding, now, zone),
    )


def told(measure: str, silence: Silence) -> Said:
    """Say what the patient's task is about."""
    if silence.step is Step.REVIEW:
        return Said.of(
            "No valid {measure} reading for {days} days, since {since}. Review whether the "
            "programme still fits the patient.",
            measure=named(measure),
            days=str(silence.silent),
            since=str(silence.since),
        )
    return Said.of(
        "No valid {measure} reading on {missed} scheduled days, since {since}. Nothing is known to "
        "be wrong with device, hub or gateway. Ask what keeps the patient from measuring.",
        measure=named(measure),
        missed=str(silence.missed),
        since=str(silence.since),
    )


def named(measure: str) -> Said:
    """Return the name of a measure as it is said."""
    return Said(template=MEASURES.get(measure, measure), values={})


MEASURES: Final = {
    "blood_pressure": template("blood pressure"),
    "glucose": template("glucose"),
    "oxygen": template("oxygen"),
    "temperature": template("temperature"),
    "weight": template("weight"),
    "body_composition": template("body composition"),
    "heart_rate": template("heart rate"),
    "continuous_glucose": template("continuous glucose"),
}


def day_begins(day: date, zone: ZoneInfo) -> datetime:
    """Return when a patient's day begins; a day of a change of the clocks has 23 or 25 hours."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _over(
    schedule: Schedule, last: datetime | None, now: datetime, zone: ZoneInfo
) -> Iterator[date]:
    """Yield the days since the last reading whose end and grace have passed."""
    start = schedule.since.astimezone(zone).date()
    if last is not None:
        start = max(start, last.astimezone(zone).date())
    day = start + _DAY
    while _ends(day, schedule, zone) <= now:
        yield day
        day += _DAY


def _ends(day: date, schedule: Schedule, zone: ZoneInfo) -> datetime:
    return day_begins(day + _DAY, zone) + schedule.grace


def _excused(day: date, troubles: Sequence[Trouble], zone: ZoneInfo) -> bool:
    begin, end = day_begins(day, zone), day_begins(day + _DAY, zone)
    return any(each.touches(begin, end) for each in troubles)


def _step(schedule: Schedule, missed: int, silent: int) -> Step:
    if missed and silent >= schedule.review_after:
        return Step.REVIEW
    if missed >= schedule.task_after:
        return Step.TASK
    return Step.REMIND if missed >= schedule.remind_after else Step.NOTHING


def _held_by(held: Step, holding: Sequence[Trouble], troubles: Sequence[Trouble]) -> Cause | None:
    """Return what goes on, or else the newest of what was: the nearest to us first."""
    if held is Step.NOTHING:
        return None
    if holding:
        order = (Cause.OURS, Cause.HUB, Cause.DEVICE)
        return min((each.cause for each in holding), key=order.index)
    return max(troubles, key=lambda each: each.since).cause


def _next_look(
    schedule: Schedule, holding: Sequence[Trouble], now: datetime, zone: ZoneInfo
) -> datetime:
    """Return when the next day is over, or an ended trouble has settled, whichever is first."""
    day = now.astimezone(zone).date() - _DAY * (schedule.grace // _DAY + 1)
    while _ends(day, schedule, zone) <= now:
        day += _DAY
    settled = [each.until + SETTLES for each in holding if each.until is not None]
    return min([_ends(day, schedule, zone), *settled])
