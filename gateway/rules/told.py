"""What a back-test found, as rows for people and as data for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alerting.backtest.compare import Difference, Outcomes
from alerting.backtest.figures import Figures

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """All that is printed; empty where there is nothing to compare with."""

    title: str
    figures: Figures
    coordinators: int
    seconds: Mapping[str, float]
    stepwise: Sequence[str]
    differences: Sequence[Difference] = ()
    outcomes: Sequence[Outcomes] = ()
    quality: Sequence[Row] = ()

    @property
    def notes(self) -> list[str]:
        """Return what a reader should know of the figures."""
        took = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in self.seconds.items())
        notes = [f"Time taken: {took}."]
        if self.stepwise:
            said = ", ".join(sorted(self.stepwise))
            notes.append(f"Judged one by one, since their kind cannot judge all at once: {said}.")
        return notes

    def totals(self) -> list[Row]:
        """Return the totals, one a row."""
        named = self.figures.told(self.coordinators)
        return [{"figure": name.replace("_", " "), "value": value} for name, value in named.items()]

    def rules(self) -> list[Row]:
        """Return a row per rule."""
        return [
            {
                "rule": f"{each.rule} v{each.version}",
                "alerts": each.alerts,
                "tasks": each.tasks,
                "P1/P2/P3/P4": "/".join(map(str, each.priorities)),
                "ended_itself": each.ended_itself,
                "late": each.late,
                "per_patient_day": round(each.tasks / self.figures.patient_days, 4),
                "minutes": round(each.minutes),
            }
            for each in self.figures.rules
        ]

    def top(self) -> list[Row]:
        """Return the patients with the most alerts, by pseudonymous id."""
        return [
            {"patient": name, "alerts": alerts, "tasks": tasks}
            for name, alerts, tasks in self.figures.by_patient
        ]

    def against(self) -> list[Row]:
        """Return the difference from the rules in force."""
        return [
            {
                "rule": each.rule,
                "same": each.same,
                "only_in_force": each.only_now,
                "only_here": each.only_then,
                "more_urgent": each.raised,
                "less_urgent": each.lowered,
            }
            for each in self.differences
        ]

    def past(self) -> list[Row]:
        """Return how the alerts meet what people said of their tasks."""
        return [
            {
                "rule": each.rule,
                "actionable_found": f"{each.actionable_found} of {each.actionable}",
                "not_actionable_found": f"{each.not_actionable_found} of {each.not_actionable}",
                "alerts_nobody_judged": each.unknown,
            }
            for each in self.outcomes
            if each.actionable or each.not_actionable
        ]

    def tables(self) -> dict[str, Sequence[Row]]:
        """Return all tables by their titles."""
        return {
            "Totals": self.totals(),
            "Rules": self.rules(),
            "Patients with the most alerts": self.top(),
            "Against the rules in force": self.against(),
            "Past tasks: was there something to do, and would this open one?": self.past(),
            "Quality of past tasks, times in minutes": list(self.quality),
        }

    def data(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            **self.figures.told(self.coordinators),
            "seconds": dict(self.seconds),
            "judged_one_by_one": sorted(self.stepwise),
            "rules": self.rules(),
            "patients_most": self.top(),
            "against_rules_in_force": self.against(),
            "past_tasks": self.past(),
            "quality": list(self.quality),
            "alerts_by_day": list(self.figures.alerts_by_day),
            "tasks_by_day": list(self.figures.tasks_by_day),
        }
