"""Limits laid over a rule: the organisation's, then the programmes', then a person's. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, TypeVar

from pydantic import ValidationError

from alerting.errors import OverrideError
from alerting.model import Level, Override, Rule

R = TypeVar("R", bound=Rule)

# What a rule is; other limits never make it another one.
FIXED: Final = frozenset(
    {
        "key",
        "version",
        "kind",
        "component",
        "direction",
        "locked",
        "adjusted",
        "programme",
        "replaces",
    }
)


def effective(rule: R, overrides: Iterable[Override], at: datetime) -> R | None:
    """Return the rule as it is in force at `at`, None where it is off.

    Of one level the newest wins; a level goes over those before it. Raises OverrideError where
    one does not fit the rule: they are checked when they are written.
    """
    mine = [each for each in overrides if each.rule_key == rule.key and each.in_force(at)]
    if not mine:
        return rule
    found: R | None = rule
    for level in Level:
        newest = max((o for o in mine if o.level is level), key=_newest, default=None)
        if newest is not None:
            found = laid_over(rule if found is None else found, newest)
        if newest is not None and newest.final:
            break
    return found


def laid_over(rule: R, override: Override) -> R | None:
    """Return the rule with other parameters, None where it is taken away. Raises OverrideError."""
    if rule.locked:
        raise OverrideError(rule.key, "this rule is locked: nobody may change it")
    if fixed := sorted(FIXED & set(override.changes)):
        raise OverrideError(rule.key, f"{fixed[0]} cannot be changed")
    if override.off:
        return None
    said = f"{override.reason} ({override.author})"
    adjusted = f"{rule.adjusted}; {said}" if rule.adjusted else said
    given = rule.model_dump() | override.changes | {"adjusted": adjusted}
    try:
        return type(rule).model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise OverrideError(rule.key, f"{where}: {first['msg']}".removeprefix(": ")) from None


def _newest(override: Override) -> tuple[datetime, str]:
    return override.valid_from, override.reason
