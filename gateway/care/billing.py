"""What a month of a patient comes to by US billing codes: facts with what is missing, never money.

A code is chosen by its date of service. Whether it may be billed is for people who know the payer:
one practitioner for a patient, an order, consent, no code that excludes it elsewhere.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

import yaml

from device_profiles.reading import Frozen

FILE: Final = Path(__file__).with_name("us_billing.yaml")
PERIOD: Final = timedelta(days=30)

Clock = Literal["episode", "thirty_days", "month"]


class Code(Frozen):
    """What one code asks for, from a day of service to another, which is not in it."""

    code: str
    words: str
    since: date
    until: date | None = None
    clock: Clock
    min_days: int = 0
    max_days: int | None = None
    min_minutes: int = 0
    max_minutes: int | None = None
    step_minutes: int | None = None
    live: bool = False
    excludes: tuple[str, ...] = ()
    requires: str | None = None
    most_units: int = 1
    note: str = ""

    def in_force(self, day: date) -> bool:
        """Say whether it holds for a service of this day."""
        return self.since <= day and (self.until is None or day < self.until)


class Period(Frozen):
    """Days from `since` to `until`, which is not in it, and on how many of them something came."""

    since: date
    until: date
    days: int
    first: bool
    """It is the first of the episode."""


class Month(Frozen):
    """What a calendar month of a patient's has: minutes without set-up, and live contacts."""

    since: date
    until: date
    minutes: int
    live_contacts: int


class Standing(Frozen):
    """Where a code stands in its period: `units` that are earned, and what is missing for one."""

    code: str
    words: str
    since: date
    until: date
    units: int
    days: int
    minutes: int
    missing_days: int
    missing_minutes: int
    live_contact_missing: bool
    note: str


@lru_cache
def codes() -> tuple[Code, ...]:
    """Return all codes of all times."""
    return tuple(Code(**row) for row in yaml.safe_load(FILE.read_text("utf-8"))["codes"])


def periods(days: Iterable[date], begin: date, end: date) -> tuple[Period, ...]:
    """Return the stretches of 30 days, from the first day with a reading on, that touch a time."""
    known = sorted(set(days))
    if not known:
        return ()
    found, since = [], known[0]
    while since < end:
        until = since + PERIOD
        if until > begin:
            count = sum(since <= day < until for day in known)
            found.append(Period(since=since, until=until, days=count, first=since == known[0]))
        since = until
    return tuple(found)


def standings(month: Month, stretches: Sequence[Period]) -> tuple[Standing, ...]:
    """Return where each code stands, in the order of the codes."""
    found: list[Standing] = []
    for code in codes():
        if code.clock == "month" and code.in_force(month.since):
            found.append(_of_month(code, month))
        elif code.clock != "month":
            found += [
                _of_days(code, each)
                for each in stretches
                if code.in_force(each.since) and (each.first or code.clock == "thirty_days")
            ]
    return tuple(found)


def _of_days(code: Code, period: Period) -> Standing:
    enough = period.days >= code.min_days
    too_many = code.max_days is not None and period.days > code.max_days
    return Standing(
        code=code.code,
        words=code.words,
        since=period.since,
        until=period.until,
        units=int(enough and not too_many),
        days=period.days,
        minutes=0,
        missing_days=max(0, code.min_days - period.days),
        missing_minutes=0,
        live_contact_missing=False,
        note=code.note,
    )


def _of_month(code: Code, month: Month) -> Standing:
    no_live = code.live and month.live_contacts == 0
    return Standing(
        code=code.code,
        words=code.words,
        since=month.since,
        until=month.until,
        units=0 if no_live else _units(code, month.minutes),
        days=0,
        minutes=month.minutes,
        missing_days=0,
        missing_minutes=max(0, code.min_minutes - month.minutes),
        live_contact_missing=no_live,
        note=code.note,
    )


def _units(code: Code, minutes: int) -> int:
    if minutes < code.min_minutes or (code.max_minutes is not None and minutes > code.max_minutes):
        return 0
    if code.step_minutes is None:
        return 1
    return min(code.most_units, 1 + (minutes - code.min_minutes) // code.step_minutes)
