"""Stage 1: a patient's observations in, the episodes of all rules out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alerting.model import Carried, Episode, Observation, Problem, Rule
from alerting.rules import kinds


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Evaluates the rules in force for one patient.

    `carried` are, by the key of their rule, episodes that began before what is observed.
    """

    rules: Sequence[Rule]
    carried: Mapping[str, Carried] = field(default_factory=dict)

    def __call__(self, items: Sequence[Observation], now: datetime, /) -> tuple[Episode, ...]:
        """Return every episode, open or closed, within what was observed."""
        return tuple(
            episode
            for rule in self.rules
            for episode in kinds()[rule.kind].episodes(rule, items, now, self.carried.get(rule.key))
        )


def problems(rules: Iterable[Rule], observations: Sequence[Observation]) -> tuple[Problem, ...]:
    """Return the readings that rules could not judge."""
    return tuple(
        problem for rule in rules for problem in kinds()[rule.kind].problems(rule, observations)
    )
