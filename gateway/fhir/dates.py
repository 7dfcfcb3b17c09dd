"""Dates as one searches by them: a prefix, and a moment with its precision (FHIR R4, 3.1.1.4.6)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.fhir.errors import WrongValue
from gateway.fhir.resource import Sql

FORM: Final = re.compile(
    r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?"
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?"
    r"(Z|[+-]\d\d:\d\d)?)?)?)?"
)
CONDITIONS: Final = {
    "eq": "({0} >= %s AND {0} < %s)",
    "ne": "({0} < %s OR {0} >= %s)",
    "ap": "({0} >= %s AND {0} < %s)",
    "lt": "{0} < %s",
    "eb": "{0} < %s",
    "ge": "{0} >= %s",
    "gt": "{0} >= %s",
    "sa": "{0} >= %s",
    "le": "{0} < %s",
}
# "Recommended ... 10 % of the stated value": here, of its distance from now.
NEAR: Final = 0.1


def condition(column: str, value: str, now: datetime) -> Sql:
    """Return the condition on a moment. Raises WrongValue."""
    # A plus in an address is a blank to those who read forms.
    found = FORM.fullmatch(value.replace(" ", "+"))
    if found is None:
        raise WrongValue("A date is as 2026, 2026-11, 2026-11-22 or 2026-11-22T09:30:00Z.")
    prefix = found[1] or "eq"
    begin, end = span(*found.groups()[1:])
    if prefix == "ap":
        begin, end = _about(begin, end, now)
    given = {"lt": [begin], "eb": [begin], "ge": [begin]}.get(prefix)
    if given is None:
        given = [begin, end] if prefix in {"eq", "ne", "ap"} else [end]
    return CONDITIONS[prefix].format(column), given


def _about(begin: datetime, end: datetime, now: datetime) -> tuple[datetime, datetime]:
    near = abs(now - begin) * NEAR
    try:
        return begin - near, end + near
    except OverflowError:
        raise WrongValue("There is no such day.") from None


def span(*parts: str | None) -> tuple[datetime, datetime]:
    """Return from when until when it is: what is not told is all of it. Without a zone: UTC."""
    year, month, day, hour, minute, second, fraction, zone = parts
    try:
        begin = datetime.fromisoformat(
            f"{year}-{month or '01'}-{day or '01'}T{hour or '00'}:{minute or '00'}:{second or '00'}"
            f".{(fraction or '').ljust(6, '0')[:6]}{_zone(zone)}"
        )
        return begin.astimezone(UTC), _end(begin, *parts[1:7]).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongValue("There is no such day.") from None


def _zone(zone: str | None) -> str:
    return "+00:00" if zone in (None, "Z") else str(zone)


def _end(
    begin: datetime,
    month: str | None,
    day: str | None,
    hour: str | None,
    minute: str | None,
    second: str | None,
    fraction: str | None,
) -> datetime:
    if month is None:
        return begin.replace(year=begin.year + 1)
    if day is None:
        return (begin + timedelta(days=32)).replace(day=1)
    if hour is None or minute is None:
        return begin + timedelta(days=1)
    if second is None:
        return begin + timedelta(minutes=1)
    digits = min(len(fraction or ""), 6)
    return begin + timedelta(microseconds=10 ** (6 - digits))
