"""Observations and rules for tests, in few words."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from alerting.model import Episode, Observation, Rule
from alerting.packs.loader import load_packs
from alerting.rules import kinds
from device_profiles.reading import Absent, Validity

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)  # a Wednesday
UNITS = {"systolic": "mm[Hg]", "diastolic": "mm[Hg]", "spo2": "%", "pulse": "/min"}
# What everybody has; the packs of programmes have trials of their own.
PACK = {key: rule for key, rule in load_packs().items() if rule.programme is None}


def observe(
    component: str,
    what: str,
    *,
    hour: float = 0,
    unit: str | None = None,
    n: int | None = None,
    validity: Validity = Validity.VALID,
    received_after: timedelta = timedelta(seconds=5),
    stored_after: timedelta | None = None,
) -> Observation:
    """Make the observation of `what`, a number or HI or LO, `hour` hours after noon."""
    at = NOON + timedelta(hours=hour)
    absent = Absent(what) if what in {"HI", "LO"} else None
    return Observation(
        reading_id=UUID(int=n if n is not None else int(hour * 3600) + 1_000_000),
        measured_at=at,
        received_at=at + received_after,
        stored_at=at + (stored_after or received_after + timedelta(seconds=5)),
        component=component,
        unit=unit or UNITS.get(component, "mg/dL"),
        validity=validity,
        number=None if absent else Decimal(what),
        absent=absent,
    )


def series(component: str, numbers: str, unit: str | None = None) -> list[Observation]:
    """Make one observation an hour; a number ending in ? is questionable."""
    return [
        observe(
            component,
            word.rstrip("?"),
            hour=hour,
            unit=unit,
            validity=Validity.QUESTIONABLE if word.endswith("?") else Validity.VALID,
        )
        for hour, word in enumerate(numbers.split())
    ]


def episodes(rule: Rule, observations: Sequence[Observation]) -> tuple[Episode, ...]:
    found: tuple[Episode, ...] = kinds()[rule.kind].episodes(rule, observations)
    return found
