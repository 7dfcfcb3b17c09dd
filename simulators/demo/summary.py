"""What a demo came to: taken by the devices, stored by the gateway, and all between."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from simulators.site import Gateway, Home


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one run. `stored` counts what the database holds of the homes' readings."""

    source: str
    taken: int
    stored: int
    duplicates: int
    quarantined: dict[str, int]
    missing: int
    alerts: int
    tasks: dict[str, int]
    indicated_to_stored_ms: dict[str, float]
    end_to_end_ms: dict[str, float]

    @property
    def complete(self) -> bool:
        """Say whether everything taken is stored, once, and no sequence number is missing."""
        return self.taken == self.stored and self.missing == 0

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**asdict(self), "complete": self.complete}


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """Return p50 and p99 in ms; empty where nothing was measured."""
    if not milliseconds:
        return {}
    p50, p99 = np.percentile(milliseconds, [50, 99])
    return {"p50": round(float(p50), 1), "p99": round(float(p99), 1)}


def count_taken(homes: Sequence[Home]) -> int:
    """Count distinct measurements: a device that is asked twice took one."""
    return len({(line["device"], line["octets"]) for home in homes for line in home.taken()})


def summarise(
    gateway: Gateway,
    homes: Sequence[Home],
    source: str,
    stored_ms: Sequence[float],
    evaluated_ms: Sequence[float],
) -> Summary:
    """Ask the gateway for its account and compare it with what the devices took."""
    accounts = [gateway.call("custody", home.hub) for home in homes]
    tasks = gateway.call("tasks", "list")
    quarantined: Counter[str] = Counter()
    for account in accounts:
        quarantined.update(account["quarantined"])
    return Summary(
        source=source,
        taken=count_taken(homes),
        stored=sum(account["stored"] for account in accounts),
        duplicates=sum(account["duplicate"] for account in accounts),
        quarantined=dict(quarantined),
        missing=sum(account["missing_count"] for account in accounts),
        alerts=len({task["alert_id"] for task in tasks}),
        tasks=dict(sorted(Counter(task["priority"] for task in tasks).items())),
        indicated_to_stored_ms=percentiles(stored_ms),
        end_to_end_ms=percentiles(evaluated_ms),
    )
