"""The rules in force for a patient, with all limits, and those who set them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from alerting.model import Override, Rule
from device_profiles.reading import Frozen
from gateway.care.evaluate import in_force
from gateway.storage.database import Connection
from gateway.storage.rules import Scope, scopes


class RuleInForce(Frozen):
    """A rule as it judges this patient now. `adjusted` says why others' limits are in it."""

    key: str
    version: int
    kind: str
    title: str
    label: str
    direction: str
    queue: str
    components: tuple[str, ...]
    locked: bool
    programme: str | None
    adjusted: str | None
    source: str
    parameters: dict[str, Any]
    """All of it, as in a pack; `bands` are the limits, by severity and unit."""
    limits: tuple[Override, ...]
    """What was laid over it and holds now: for the organisation, programmes, the patient."""


def rules_of(
    connection: Connection, rules: Mapping[str, Rule], patient: UUID, now: datetime
) -> tuple[RuleInForce, ...]:
    """Return the rules that judge a patient now, by key."""
    scope = scopes(connection, [patient], now).get(patient, Scope())
    found = in_force(scope.rules(rules.values()), scope.overrides, now, patient)
    return tuple(_told(rule, scope, now) for rule in sorted(found, key=lambda rule: rule.key))


def told(rule: Rule, limits: tuple[Override, ...] = ()) -> RuleInForce:
    """Return a rule in plain parts."""
    return RuleInForce(
        key=rule.key,
        version=rule.version,
        kind=rule.kind,
        title=rule.title,
        label=rule.label,
        direction=rule.direction,
        queue=rule.queue,
        components=rule.components,
        locked=rule.locked,
        programme=rule.programme,
        adjusted=rule.adjusted,
        source=rule.source,
        parameters=rule.model_dump(mode="json", exclude_none=True),
        limits=limits,
    )


def _told(rule: Rule, scope: Scope, now: datetime) -> RuleInForce:
    mine = (each for each in scope.overrides if each.rule_key == rule.key and each.in_force(now))
    return told(rule, tuple(sorted(mine, key=lambda each: each.valid_from)))
