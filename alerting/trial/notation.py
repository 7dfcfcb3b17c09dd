"""Series in few words: `180 182 175x3 _ HI 120?` are readings at an interval.

A number is a reading, HI and LO are a meter's, `_` is none at that time, `x3` repeats three times,
`+2x3` continues from the number before in three steps of 2, and `?` marks a questionable reading.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from device_profiles.reading import Validity

_NUMBER: Final = r"-?\d+(?:\.\d+)?"
_WORD: Final = re.compile(rf"(?P<what>_|HI|LO|{_NUMBER})(?P<doubt>\?)?(?:x(?P<times>\d{{1,5}}))?")
_STEPS: Final = re.compile(r"(?P<step>[+-]\d+(?:\.\d+)?)x(?P<times>\d{1,5})(?P<doubt>\?)?")
_SPAN: Final = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
SPAN_WORDS: Final = r"^(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?$"

# What is measured at one step: the word, and whether it is questionable; None where nothing is.
Point = tuple[str, Validity] | None


def points(text: str) -> list[Point]:
    """Return what is measured at each step. Raises ValueError."""
    found: list[Point] = []
    for word in text.split():
        found.extend(_points(word, found))
    if not any(found):
        raise ValueError("a series has at least one reading")
    return found


def _points(word: str, before: list[Point]) -> Iterator[Point]:
    steps = _STEPS.fullmatch(word)
    if steps:
        last = next((each[0] for each in reversed(before) if each), "")
        if not re.fullmatch(_NUMBER, last):
            raise ValueError(f"{word}: there is no number before it to go on from")
        for n in range(1, int(steps["times"]) + 1):
            yield str(Decimal(last) + n * Decimal(steps["step"])), _validity(steps["doubt"])
        return
    one = _WORD.fullmatch(word)
    if one is None:
        raise ValueError(f"{word!r} is no reading; examples are 180, 175x3, +2x5, 120?, HI, LO, _")
    point = None if one["what"] == "_" else (one["what"], _validity(one["doubt"]))
    for _ in range(int(one["times"] or 1)):
        yield point


def _validity(doubt: str | None) -> Validity:
    return Validity.QUESTIONABLE if doubt else Validity.VALID


def span(text: object) -> timedelta:
    """Read a time such as 1d12h or 90m. Raises ValueError."""
    if isinstance(text, timedelta):
        return text
    found = _SPAN.fullmatch(str(text)) if str(text) else None
    if found is None:
        raise ValueError(f"{text!r} is no length of time; examples are 4h, 1d12h, 90m")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def spoken(length: timedelta) -> str:
    """Write a time as it is read: 1d12h."""
    left = int(length.total_seconds())
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def aware(value: datetime) -> datetime:
    """Take a moment without a zone as UTC."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)


Span = Annotated[
    timedelta,
    BeforeValidator(span),
    PlainSerializer(spoken),
    WithJsonSchema({"type": "string", "pattern": SPAN_WORDS}),
]
Moment = Annotated[datetime, AfterValidator(aware)]
