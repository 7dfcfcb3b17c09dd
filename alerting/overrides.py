"""A patient's own limits laid over a rule. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from alerting.model import Override, Rule

R = TypeVar("R", bound=Rule)


def effective(rule: R, overrides: Iterable[Override], at: datetime) -> R:
    """Return the rule with the bands in force at `at`; of several overrides the newest wins.

    Raises ValidationError where the bands do not fit the rule: they are checked when written.
    """
    mine = [o for o in overrides if o.rule_key == rule.key and o.in_force(at)]
    if not mine:
        return rule
    newest = max(mine, key=lambda override: (override.valid_from, override.reason))
    own = {"bands": newest.bands, "adjusted": f"{newest.reason} ({newest.author})"}
    return type(rule).model_validate(rule.model_dump() | own)
