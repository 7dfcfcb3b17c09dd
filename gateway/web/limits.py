"""Limits in words and numbers: the bands of a rule as rows, one unit beside the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from alerting.bounds import Bound
from alerting.model import Severity
from alerting.pipeline.snooze import rest
from alerting.units import written

REST: Final[TypeAdapter[timedelta | None]] = TypeAdapter(timedelta | None)
SIGNS = {">=": "≥", "<=": "≤", ">": ">", "<": "<"}


@dataclass(frozen=True, slots=True)
class Band:
    """One band: how urgent, and its bound in each unit."""

    severity: str
    bounds: tuple[str, ...]


def bands_of(parameters: Mapping[str, Any]) -> list[Band]:
    """Return the bands of a rule as it was in force; of some kinds there are none."""
    bands: Mapping[str, Mapping[str, Any]] = parameters.get("bands") or {}
    return [
        Band(severity, tuple(_written(bound, unit) for unit, bound in table.items()))
        for severity, table in sorted(bands.items())
    ]


def rests_for(parameters: Mapping[str, Any]) -> timedelta | None:
    """Return how long a rule itself says that it rests after an answer."""
    return REST.validate_python(parameters.get("ask_again"))


def rest_of(parameters: Mapping[str, Any], priority: Severity) -> timedelta:
    """Return how long the answer to a task of this priority holds; not at all for P1."""
    return rest(rests_for(parameters), priority)


def _written(bound: Any, unit: str) -> str:
    try:
        found = Bound.model_validate(bound)
    except ValidationError:
        return f"{unit} {bound}"  # scores have their own: so many points
    return f"{SIGNS[found.sign]} {found.limit} {written(unit)}"
