"""What a run of the fleet showed, and whether that is what was asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from simulators.fleet.drive import GRACE_S, Pace
from simulators.fleet.hub import Counts

# Besides the grace, the last receipt may come so much later than planned.
SLACK: Final = 1.01


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked."""

    hubs: int
    rate: float
    minutes: float
    suite: int
    seed: int

    @property
    def seconds(self) -> float:
        """Return how long it measures."""
        return self.minutes * 60

    @property
    def readings(self) -> int:
        """Return how many readings that are."""
        return round(self.rate * self.seconds)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Readings that waited for their evaluation when the fleet had all receipts, and how long."""

    waiting: int
    drained_s: float | None
    """None where they still waited when nobody wanted to wait any longer."""


@dataclass(frozen=True, slots=True)
class Report:
    """All figures of a run."""

    plan: Plan
    counts: Counts
    pace: Pace
    processes: Mapping[str, Mapping[str, float]]
    backlog: Backlog
    gateway: Mapping[str, Any]
    """The gateway's own account of all hubs, when everything was evaluated."""

    @property
    def missing(self) -> int:
        """Return how many readings have no receipt."""
        return self.counts.sent - self.counts.receipted

    @property
    def held(self) -> bool:
        """Say whether all was sent and receipted in about the time that it should take."""
        last = max(self.pace.end, self.counts.last_receipt)
        in_time = last - self.pace.start <= self.plan.seconds * SLACK + GRACE_S
        return in_time and self.counts.sent == self.plan.readings

    @property
    def problems(self) -> list[str]:
        """Return what is not as it must be, in words; nothing where all is well."""
        counts, account = self.counts, self.gateway
        checks = {
            f"{self.missing} readings have no receipt": self.missing == 0,
            f"{counts.quarantined} readings were quarantined": counts.quarantined == 0,
            f"{counts.refused_receipts} receipts were not genuine": counts.refused_receipts == 0,
            f"{self.plan.rate:g} readings a second were not held": self.held,
            f"the gateway stored {account['stored']} of {counts.sent}": account["stored"]
            == counts.sent,
            f"the gateway misses {account['missing_count']}": account["missing_count"] == 0,
        }
        return [text for text, well in checks.items() if not well]

    def figures(self) -> dict[str, Any]:
        """Return everything, for programs."""
        counts, pace = self.counts, self.pace
        took = max(pace.end, counts.last_receipt) - pace.start
        return {
            "hubs": self.plan.hubs,
            "suite": self.plan.suite,
            "minutes": self.plan.minutes,
            "rate_asked": self.plan.rate,
            "rate_sent": round(counts.sent / max(pace.end - pace.start, 1e-9), 1),
            "rate_receipted": round(counts.receipted / max(took, 1e-9), 1),
            "rate_held": self.held,
            "sent": counts.sent,
            "receipted": counts.receipted,
            "missing": self.missing,
            "sent_again": counts.sent_again,
            "receipts_again": counts.again,
            "quarantined": counts.quarantined,
            "reconnects": counts.reconnects,
            "send_to_receipt_ms": spread([delay * 1000 for delay in counts.delays_s]),
            "late_at_most_ms": round(pace.late_s * 1000, 1),
            "connected_in_s": round(pace.connected_s, 1),
            "evaluation_backlog": self.backlog.waiting,
            "evaluation_drained_s": self.backlog.drained_s,
            "gateway": dict(self.gateway),
            "processes": {name: dict(one) for name, one in self.processes.items()},
            "problems": self.problems,
        }


def spread(milliseconds: list[float]) -> dict[str, float]:
    """Return p50, p95, p99 and the longest; nothing where there is nothing."""
    if not milliseconds:
        return {}
    names, places = ("p50", "p95", "p99", "max"), (50, 95, 99, 100)
    found = np.percentile(milliseconds, places)
    return {name: round(float(value), 1) for name, value in zip(names, found, strict=True)}


def lines(figures: Mapping[str, Any]) -> list[str]:
    """Return the figures for people, one in a line."""
    told = []
    for name, value in figures.items():
        if name == "processes":
            told += [
                f"{'  ' + process:<24} {one['cpu_s']:>8} s CPU {one['memory_mb']:>8} MB"
                for process, one in value.items()
            ]
        elif isinstance(value, dict):
            told.append(f"{name:<24} {', '.join(f'{key} {item}' for key, item in value.items())}")
        elif name != "problems":
            told.append(f"{name:<24} {value}")
    return told + [f"NOT AS ASKED: {problem}" for problem in figures["problems"]]
