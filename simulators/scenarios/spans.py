"""Spans of time as people write them: 5s, -2d, 1h30m, 250ms; a number alone has no unit."""

import re
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, WithJsonSchema

SECONDS: Final = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
PART: Final = r"(\d+(?:\.\d+)?)(ms|d|h|m|s)"
PATTERN: Final = rf"^[+-]?({PART})+$"


def _span(text: Any) -> timedelta:
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or re.match(PATTERN, text) is None:
        raise ValueError(f"{text!r} is no span of time; write it with its unit, like 5s or -1d12h")
    seconds = sum(float(number) * SECONDS[unit] for number, unit in re.findall(PART, text))
    return timedelta(seconds=-seconds if text.startswith("-") else seconds)


def _not_negative(span: timedelta) -> timedelta:
    if span < timedelta():
        raise ValueError("this span cannot be negative")
    return span


Span = Annotated[
    timedelta, BeforeValidator(_span), WithJsonSchema({"type": "string", "pattern": PATTERN})
]
Forward = Annotated[
    timedelta,
    BeforeValidator(lambda text: _not_negative(_span(text))),
    WithJsonSchema({"type": "string", "pattern": PATTERN.replace("[+-]?", "")}),
]


def told(span: timedelta) -> str:
    """Return a span as a person reads it: 5 s, 2.5 s, 90 s."""
    return f"{span.total_seconds():g} s"
