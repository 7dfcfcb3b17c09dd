"""A patient's own limits on a rule that a programme's rule stands in for: they count no more.

They are not carried over: rules of two packs may be of different kinds. Whoever takes the patient
in is told, so that a clinician sets them for the rule that holds now.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from alerting.model import Level, Rule
from device_profiles.reading import Frozen
from gateway.care.evaluate import in_force
from gateway.storage.database import Connection
from gateway.storage.rules import Scope, scopes


class LeftLimits(Frozen):
    """Limits on `rule`, which `instead` stands in for; who set them, and why."""

    rule: str
    instead: str
    reason: str
    author: str

    def __str__(self) -> str:
        return (
            f"{self.author} set limits of this patient on {self.rule} ({self.reason}). They do not "
            f"count any more: in this programme {self.instead} stands in for it. Set them for "
            f"{self.instead} where they shall hold."
        )


def limits_left(
    connection: Connection, rules: Mapping[str, Rule], patient: UUID, now: datetime
) -> tuple[LeftLimits, ...]:
    """Return a patient's own limits in force that count no more because of a programme."""
    scope = scopes(connection, [patient], now).get(patient, Scope())
    holding = in_force(scope.rules(rules.values()), scope.overrides, now, patient)
    instead = {rule.replaces: rule.key for rule in holding if rule.replaces}
    return tuple(
        LeftLimits(
            rule=each.rule_key,
            instead=instead[each.rule_key],
            reason=each.reason,
            author=each.author,
        )
        for each in scope.overrides
        if each.level is Level.PATIENT and each.in_force(now) and each.rule_key in instead
    )
