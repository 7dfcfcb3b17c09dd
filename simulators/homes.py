"""Samples become a HOME.json: rebased to the time of the run, and told when to be measured.

Everything is computed from the arguments: the same anchor and the same samples give the same
octets.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from simulators.home_file import HomeFile
from simulators.sample import BLOOD_PRESSURE, GLUCOSE, OXYGEN, TEMPERATURE, WEIGHT, Sample

KIND: Final = {
    BLOOD_PRESSURE: "cuff",
    GLUCOSE: "glucometer",
    OXYGEN: "oximeter",
    TEMPERATURE: "thermometer",
    WEIGHT: "scale",
}
# GLS: meal 1 before, 2 after, 5 bedtime; what the recordings and virtual patients note.
MEALS: Final = {"before": 1, "after": 2, "bedtime": 5}
NEWEST_BEFORE_ANCHOR: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Course:
    """Which samples are measured during the run: the `live` newest ones, all others before it."""

    live: int = 0
    first_s: float = 2.0
    every_s: float = 5.0

    def after_s(self, number: int, count: int) -> float:
        """Return when sample `number` of `count` is measured, in seconds after the start."""
        place = number - (count - self.live)
        return 0.0 if place < 0 else round(self.first_s + place * self.every_s, 3)


def rebase(samples: Iterable[Sample], anchor: datetime, zone: ZoneInfo) -> tuple[Sample, ...]:
    """Move a series as a whole so that its newest sample lies a minute before the anchor."""
    ordered = sorted(samples, key=lambda sample: sample.at)
    if not ordered:
        return ()
    wall = anchor.astimezone(zone).replace(tzinfo=None, microsecond=0)
    shift = wall - NEWEST_BEFORE_ANCHOR - ordered[-1].at
    return tuple(replace(sample, at=sample.at + shift) for sample in ordered)


def thin(samples: Iterable[Sample], apart: timedelta) -> tuple[Sample, ...]:
    """Keep samples that lie at least so far apart; a 1 Hz recording becomes spot checks."""
    kept: list[Sample] = []
    for sample in sorted(samples, key=lambda one: one.at):
        if not kept or sample.at - kept[-1].at >= apart:
            kept.append(sample)
    return tuple(kept)


def device(
    samples: Sequence[Sample], address: str, name: str, course: Course = Course(), **more: Any
) -> dict[str, Any]:
    """Return one device with the samples of one kind; `more` are further keys of HOME.json."""
    kinds = {sample.kind for sample in samples}
    if len(kinds) != 1 or not kinds <= KIND.keys():
        raise ValueError(f"one device measures one kind, not {sorted(kinds)}")
    usable = [sample for sample in samples if _a_device_shows(sample)]
    measurements = [
        {"after_s": course.after_s(number, len(usable)), **_measurement(sample)}
        for number, sample in enumerate(usable)
    ]
    own = {"address": address, "kind": KIND[samples[0].kind], "name": name}
    return {**own, **more, "measurements": measurements}


def home(devices: Sequence[dict[str, Any]], seed: int, zone: str) -> HomeFile:
    """Return the checked home."""
    return HomeFile.model_validate({"seed": seed, "zone": zone, "devices": list(devices)})


def octets(described: HomeFile) -> bytes:
    """Return the file's content, the same for the same home."""
    return described.model_dump_json(indent=1, exclude_defaults=True).encode() + b"\n"


def _a_device_shows(sample: Sample) -> bool:
    """No meter shows a glucose of 0; a paper log may hold one."""
    return all(amount.number != 0 for amount in sample.values.values())


def _measurement(sample: Sample) -> dict[str, Any]:
    numbers = {name: str(amount.number) for name, amount in sample.values.items()}
    measured: dict[str, Any] = {"device_time": sample.at.isoformat(), **numbers}
    meal = MEALS.get(sample.note.split(" ")[0])
    if sample.kind == GLUCOSE and meal is not None:
        measured["context"] = {"meal": meal}
    return measured
