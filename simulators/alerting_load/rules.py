"""A pack of a hundred rules of many kinds that hold for everybody; few of them ever fire."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml


@dataclass(frozen=True, slots=True)
class Vital:
    """What is measured, where it lies when all is well, and where rules begin to hold."""

    name: str
    unit: str
    calm: float
    noise: float
    low: float
    high: float

    @property
    def span(self) -> float:
        """Return how far rules are apart that nothing reaches."""
        return self.high - self.low


VITALS: Final = (
    Vital("systolic", "mm[Hg]", 120, 5, 90, 180),
    Vital("diastolic", "mm[Hg]", 75, 4, 40, 120),
    Vital("pulse", "/min", 72, 4, 40, 130),
    Vital("glucose", "mg/dL", 110, 8, 65, 250),
    Vital("spo2", "%", 97, 1, 88, 101),
    Vital("temperature", "Cel", 36.8, 0.2, 35, 39),
    Vital("weight", "kg", 80, 0.2, 77.5, 82.5),
)
PREFIX: Final = "load_"


def rules() -> list[dict[str, Any]]:
    """Return a hundred rules."""
    found = [rule for vital in VITALS for rule in _of(vital)]
    return [*found, *(_average(vital) for vital in VITALS[:2])]


def write_pack(folder: Path) -> None:
    """Write them as a site's own pack."""
    folder.mkdir(parents=True)
    pack = {"pack": "load", "title": "A hundred rules", "rules": rules()}
    (folder / "load.yaml").write_text(yaml.safe_dump(pack, sort_keys=False))


def _of(vital: Vital) -> Iterator[dict[str, Any]]:
    """Fourteen of one value: of eight thresholds two fire, the others are out of reach."""
    for n in range(4):
        yield _rule(vital, "threshold", "high", n, vital.high + n * vital.span)
        yield _rule(vital, "threshold", "low", n, vital.low - n * vital.span)
    for side, bound in (("high", vital.high), ("low", vital.low)):
        more = {"times": 3, "of": 5, "within": "P7D"}
        yield _rule(vital, "sustained", side, 0, bound, **more)
        change = vital.span if side == "high" else -vital.span
        against = {"against": "lowest" if side == "high" else "highest", "within": "PT28H"}
        yield _rule(vital, "rapid_change", side, 0, change, **against)
    yield _rule(vital, "trend", "high", 0, vital.span, days=14, at_least=8, alpha=0.05)
    baseline = {"days": 28, "lag": 7, "at_least": 7, "floor": {vital.unit: vital.noise}}
    chart = {"chart": {"method": "cusum", "slack": 0.5}, "baseline": baseline}
    yield _rule(vital, "control_chart", "high", 0, 1000.0, **chart) | _bands("high", "1", 1000.0, 1)


def _average(vital: Vital) -> dict[str, Any]:
    days = {"days": 7, "dropped": 1, "per_half_day": 2, "apart": "PT1M", "at_least": 10}
    return _rule(vital, "protocol_average", "high", 0, vital.high, **days)


def _rule(
    vital: Vital, kind: str, side: str, n: int, bound: float, **more: object
) -> dict[str, Any]:
    said = {
        "key": f"{PREFIX}{vital.name}_{kind}_{side}_{n}",
        "version": 1,
        "kind": kind,
        "title": f"{vital.name} {kind} {side}",
        "label": vital.name.capitalize(),
        "component": vital.name,
        "direction": side,
        **more,
        "source": "Made to measure by, for nobody's care",
    }
    return said | _bands(side, vital.unit, bound, vital.noise)


def _bands(side: str, unit: str, bound: float, margin: float) -> dict[str, Any]:
    says = f"{'>=' if side == 'high' else '<='} {round(bound, 2):g}"
    return {"bands": {"P2": {unit: says}}, "clear": {"margin": {unit: margin}, "readings": 2}}
