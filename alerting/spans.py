"""A stretch of time in words: `24 hours`, `7 days`."""

from datetime import timedelta
from typing import Final

from alerting.words import Said

_UNITS: Final = (
    (timedelta(days=1), "{count} days"),
    (timedelta(hours=1), "{count} hours"),
    (timedelta(minutes=1), "{count} minutes"),
)


def said_span(span: timedelta) -> Said:
    """Say it in the largest unit of which it is at least two, rounded down: never longer."""
    for unit, template in _UNITS:
        if span >= 2 * unit:
            return Said.of(template, count=str(span // unit))
    return Said.of("{count} seconds", count=str(int(span.total_seconds())))
