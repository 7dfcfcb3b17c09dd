"""Kind `composite`: conditions over several vital signs within a time, joined by all, any and not.

Every reading of any of its values is judged with the latest of the others. Where something is not
known, nothing fires; and an episode that was open stays open, since nothing says that it is over.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator

from alerting.bands import in_one_of, left_out
from alerting.conditions import Asked, Condition, Leaf, Slack
from alerting.fold import Judged
from alerting.model import Fact, Observation, Problem, Rule, Severity
from alerting.moments import Moment, moments
from alerting.rules import Kind, concerned
from alerting.units import written
from alerting.words import SILENT, Said
from device_profiles.reading import Frozen


class ClearOf(Frozen):
    """How many readings running do not hold a condition before an episode is over."""

    readings: Annotated[int, Field(ge=1, le=10)] = 2


class Composite(Rule):
    """A condition per severity; values older than `within` are not known."""

    kind: Literal["composite"] = "composite"
    when: Annotated[dict[Severity, Condition], Field(min_length=1)]
    within: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=31))]
    clear: ClearOf = ClearOf()

    @field_validator("when")
    @classmethod
    def _worst_first(cls, when: dict[Severity, Condition]) -> dict[Severity, Condition]:
        return dict(sorted(when.items()))

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """Return every bound in its conditions."""
        return tuple(leaf for condition in self.when.values() for leaf in condition.leaves())

    @property
    def components(self) -> tuple[str, ...]:
        """See `Rule`."""
        return tuple(dict.fromkeys(leaf.component for leaf in self.leaves))

    @property
    def looks_back(self) -> timedelta:
        """See `Rule`."""
        return max(leaf.within or self.within for leaf in self.leaves)

    @property
    def clear_after(self) -> int:
        """See `Rule`."""
        return self.clear.readings


def judge(
    rule: Composite, observations: Sequence[Observation], since: datetime
) -> Iterator[Judged]:
    """See `Kind`."""
    return (_judge(rule, moment) for moment in moments(observations, since))


def _judge(rule: Composite, moment: Moment) -> Judged:
    held = next((s for s in rule.when if _answer(rule, s, moment) is not False), None)
    for severity, condition in rule.when.items():
        asked = Asked(moment, rule.within)
        if condition.holds(asked):
            used = sorted(asked.used.values(), key=lambda v: rule.components.index(v.component))
            own = next((each for each in used if each in moment.own), moment.own[0])
            basis = sorted({v.reading_id for v in used} - {own.reading_id}, key=str)
            facts = tuple(map(_fact, used))
            return Judged(own, severity, held, _reason(own, condition, asked), facts, tuple(basis))
    return Judged(moment.own[0], None, held, SILENT)


def _answer(rule: Composite, severity: Severity, moment: Moment) -> bool | None:
    return rule.when[severity].holds(Asked(moment, rule.within, Slack.LOOSER))


def _reason(own: Observation, condition: Condition, asked: Asked) -> Said:
    return Said.of(
        "({name}) makes this hold: {condition}",
        name=Said.of(own.component.replace("_", " ")),
        condition=condition.said(asked),
    )


def _fact(value: Observation) -> Fact:
    shown = f"{value.number:f}" if value.number is not None else str(value.absent or "")
    name = f"{value.component.replace('_', ' ')} at {value.measured_at:%Y-%m-%dT%H:%M%z}"
    return Fact(name=name, value=shown, unit=written(value.unit))


def problems(rule: Composite, observations: Iterable[Observation]) -> tuple[Problem, ...]:
    """Return the readings whose unit one of the conditions has no bound for."""
    units = {
        name: [leaf for leaf in rule.leaves if leaf.component == name] for name in rule.components
    }
    return tuple(
        Problem(
            rule_key=rule.key,
            rule_version=rule.version,
            reading_id=each.reading_id,
            reason=f"no bound for the unit {each.unit}",
        )
        for each in concerned(rule.components, observations)
        if each.number is not None
        and any(in_one_of(tuple(leaf.bounds), each) is None for leaf in units[each.component])
    )


def lint(rule: Composite) -> tuple[str, ...]:
    """Return what a rule's author should mend."""
    units: dict[str, None] = {}
    for leaf in rule.leaves:
        said = left_out(leaf.component, tuple(leaf.bounds))
        units |= {f"{leaf.component}: {each}": None for each in said}
    if len(rule.components) == 1:
        units["one value only: a threshold says the same, with bands"] = None
    return tuple(units)


KIND: Final = Kind("composite", Composite, judge, lint, problems)
