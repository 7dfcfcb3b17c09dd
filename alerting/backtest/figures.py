"""The figures of a back-test: alerts and tasks a day, by rule, coordinator and patient; minutes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from alerting.backtest.found import Found
from alerting.backtest.run import Result
from alerting.backtest.work import Handling, Tasks, tasks
from alerting.columns import Ints, moment

_DAY: Final = 86_400_000_000


@dataclass(frozen=True, slots=True)
class OfRule:
    """What one rule makes; `late` are episodes that came too late to open anything."""

    rule: str
    kind: str
    version: int
    episodes: int
    alerts: int
    late: int
    tasks: int
    priorities: tuple[int, int, int, int]
    ended_itself: int
    minutes: float
    stepwise: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """What all rules make. `alerts_by_day` counts from the first day on (UTC)."""

    patients: int
    days: float
    values: int
    rules: tuple[OfRule, ...]
    alerts_by_day: tuple[int, ...]
    tasks_by_day: tuple[int, ...]
    by_patient: tuple[tuple[str, int, int], ...]
    patients_with_alerts: int
    first_day: str

    @property
    def patient_days(self) -> float:
        """Return patients times days."""
        return max(self.patients * self.days, 1e-9)

    @property
    def alerts(self) -> int:
        """Return all alerts."""
        return sum(each.alerts for each in self.rules)

    @property
    def tasks(self) -> int:
        """Return all tasks."""
        return sum(each.tasks for each in self.rules)

    @property
    def minutes(self) -> float:
        """Return the minutes of all tasks."""
        return sum(each.minutes for each in self.rules)

    def told(self, coordinators: int) -> dict[str, Any]:
        """Return the totals, by day and coordinator, with names for people and programs."""
        days = max(self.days, 1e-9)
        return {
            "patients": self.patients,
            "days": round(self.days, 2),
            "values": self.values,
            "alerts": self.alerts,
            "tasks": self.tasks,
            "alerts_per_day": round(self.alerts / days, 2),
            "tasks_per_day": round(self.tasks / days, 2),
            "alerts_per_patient_day": round(self.alerts / self.patient_days, 4),
            "tasks_per_patient_day": round(self.tasks / self.patient_days, 4),
            "coordinators": coordinators,
            "tasks_per_coordinator_day": round(self.tasks / days / coordinators, 2),
            "minutes_per_coordinator_day": round(self.minutes / days / coordinators, 1),
            "patients_with_alerts": self.patients_with_alerts,
        }


def figures(result: Result, handling: Handling, top: int = 10) -> Figures:
    """Count what a back-test found."""
    series, work = (
        result.series,
        [tasks(found, handling, result.series.end) for found in result.found],
    )
    alerts = [found.patient[found.opens] for found in result.found]
    per_patient = _count(alerts, len(series.patients))
    tasks_each = _count([each.patient for each in work], len(series.patients))
    most = np.lexsort((np.arange(len(per_patient)), -tasks_each, -per_patient))[:top]
    return Figures(
        patients=len(series.patients),
        days=series.days,
        values=series.values,
        rules=tuple(
            _of(found, own, handling, found.rule.key in result.stepwise)
            for found, own in zip(result.found, work, strict=True)
        ),
        alerts_by_day=_by_day([found.since[found.opens] for found in result.found], result),
        tasks_by_day=_by_day([each.at for each in work], result),
        by_patient=tuple(
            (series.patients[p], int(per_patient[p]), int(tasks_each[p]))
            for p in most
            if per_patient[p]
        ),
        patients_with_alerts=int(np.count_nonzero(per_patient)),
        first_day=f"{moment(series.begin):%Y-%m-%d}",
    )


def _of(found: Found, work: Tasks, handling: Handling, stepwise: bool) -> OfRule:
    counted = np.bincount(work.priority, minlength=5) if len(work) else np.zeros(5, np.int64)
    return OfRule(
        rule=found.rule.key,
        kind=found.rule.kind,
        version=found.rule.version,
        episodes=len(found),
        alerts=int(found.opens.sum()),
        late=int((~found.opens).sum()),
        tasks=len(work),
        priorities=(int(counted[1]), int(counted[2]), int(counted[3]), int(counted[4])),
        ended_itself=int(work.itself.sum()),
        minutes=work.minutes(handling),
        stepwise=stepwise,
    )


def _count(patients: Sequence[Any], how_many: int) -> Ints:
    every = np.concatenate([np.empty(0, np.int32), *patients])
    counted: Ints = np.bincount(every, minlength=how_many)
    return counted


def _by_day(moments: Sequence[Ints], result: Result) -> tuple[int, ...]:
    series = result.series
    length = max(1, -(-(series.end - series.begin) // _DAY))
    days = (np.concatenate([np.empty(0, np.int64), *moments]) - series.begin) // _DAY
    inside = days[(days >= 0) & (days < length)].astype(np.int64)
    return tuple(int(n) for n in np.bincount(inside, minlength=length))
