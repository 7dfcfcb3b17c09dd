"""Between the decisions for a patient and their tasks: what is held back, and what no longer is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from alerting.model import Rule
from alerting.pipeline.decisions import Decision, Late, Lower, Raise, Resolve
from alerting.pipeline.deduplicate import StoredAlert
from alerting.pipeline.inhibit import Held
from alerting.pipeline.suppress import Tasks, asked_work, live_after, suppress
from gateway.care.from_alerts import Case
from gateway.storage.events import record
from gateway.storage.holds import hold, holds, let_go, look_again

OPENED: Final = "its task was opened"
RESOLVED: Final = "the alert was resolved"


@dataclass(frozen=True, slots=True)
class Gate:
    """`held` is what gets no task now, by its alert; `before` was held back until now."""

    held: Mapping[UUID, Held] = field(default_factory=dict)
    before: frozenset[UUID] = frozenset()

    def holds_back(self, case: Case, alert: UUID) -> bool:
        """Tell whether an alert gets no task now; if so it is written why."""
        if alert not in self.held:
            return False
        hold_back(case, self.held[alert])
        return True

    def passed(self, case: Case, alert: UUID, why: str = OPENED) -> None:
        """Note that nothing holds this alert back any more, if anything did."""
        if alert in self.before or alert in self.held:
            let_go(case.connection, [alert], why, case.now)

    def carried_out(self, case: Case, decisions: Iterable[Decision]) -> None:
        """See that what is held back is asked anew where it or its reason is another now."""
        if self.before and any(isinstance(each, Resolve | Lower | Raise) for each in decisions):
            look_again(case.connection, case.patient, case.now)


def gate(
    case: Case,
    decisions: Sequence[Decision],
    stored: Iterable[StoredAlert],
    rules: Iterable[Rule],
    tasks: Tasks,
) -> Gate:
    """Ask the stages inhibit and snooze; costs one statement where anything is decided."""
    if all(isinstance(decision, Late) for decision in decisions):
        return Gate()
    found = holds(case.connection, case.patient, case.now)
    live = live_after(stored, decisions, {rule.key: rule for rule in rules})
    said = suppress(asked_work(decisions), live, tasks, found.snoozes, case.now)
    return Gate({each.asked.alert: each for each in said if isinstance(each, Held)}, found.alerts)


def hold_back(case: Case, held: Held) -> None:
    """Write it, and tell it in the alert's history once."""
    if hold(case.connection, case.organisation, case.patient, held, case.now):
        record(
            case.connection,
            case.organisation,
            "suppressed",
            case.now,
            alert=held.asked.alert,
            severity=held.asked.severity,
            what=held.what,
            by=str(held.by),
            reason=held.reason,
        )
