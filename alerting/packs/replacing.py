"""Rules of programmes that stand in for a rule for everybody: what may be replaced, and by what."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from alerting.model import Rule


def without_replaced(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Leave out what another of these stands in for. One that is off stands in for nothing."""
    found = tuple(rules)
    replaced = {rule.replaces for rule in found}
    return tuple(rule for rule in found if rule.key not in replaced)


def misfits(packs: Mapping[Path, tuple[Rule, ...]]) -> Iterator[tuple[Path, str]]:
    """Return the rules that replace what they may not, each with its file and why."""
    everybody = {rule.key: rule for rules in packs.values() for rule in rules if not rule.programme}
    for path, rules in packs.items():
        for rule in rules:
            reason = _misfit(rule, everybody) if rule.replaces else None
            if reason:
                yield path, f"{rule.key} replaces {rule.replaces}: {reason}"


def _misfit(rule: Rule, everybody: Mapping[str, Rule]) -> str | None:
    if rule.programme is None:
        return "only a rule of a programme stands in for another"
    other = everybody.get(rule.replaces or "")
    if other is None:
        return "there is no such rule for everybody"
    if other.locked:
        return "that rule is locked"
    same = (other.components, other.direction) == (rule.components, rule.direction)
    return None if same else "that rule is about something else"
