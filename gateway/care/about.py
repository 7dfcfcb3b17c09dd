"""What a task is about, as one word or two: the key of its script and of its list of red flags."""

from collections.abc import Mapping
from typing import Any, Final

OTHER: Final = "several"
# The rule of the task that a withdrawal opens.
CONSENT_WITHDRAWN: Final = "consent_withdrawn"
_OF: Final[Mapping[str, str]] = {
    "systolic": "pressure",
    "diastolic": "pressure",
    "mean_pressure": "pressure",
    "glucose": "glucose",
    "spo2": "spo2",
    "pulse": "pulse",
    "weight": "weight",
    "temperature": "temperature",
}
Explanation = Mapping[str, Any] | None


def about(queue: str, rule_key: str | None, direction: str | None, explanation: Explanation) -> str:
    """Return the key, as `glucose low`."""
    if queue == "technical":
        return "equipment"
    if rule_key == CONSENT_WITHDRAWN:
        return "consent withdrawn"
    if queue == "adherence":
        jumped = (rule_key or "").endswith("_jump")
        return "whose is it" if jumped else "nothing measured"
    measured = _OF.get(component(rule_key, explanation) or "")
    side = _side(_parameters(explanation).get("measure"), direction)
    return f"{measured} {side}" if measured and side else OTHER


def component(rule_key: str | None, explanation: Explanation) -> str | None:
    """Return what was measured; without reasons, guess it by the rule's name, as systolic_high."""
    told = _parameters(explanation).get("component")
    return told or next((part for part in (rule_key or "").split("_") if part in _OF), None)


def _side(measure: str | None, direction: str | None) -> str | None:
    """Return whether low values are the trouble, or high ones; None where a measure says neither.

    What tells of lows grows with values that are low.
    """
    if measure is None:
        return direction
    from alerting.rules.variability import OF_LOWS, OF_NO_SIDE  # with numpy: most tasks need none

    if measure in OF_NO_SIDE:
        return None
    return "low" if measure in OF_LOWS else direction


def _parameters(explanation: Explanation) -> Mapping[str, Any]:
    return (explanation or {}).get("parameters") or {}
