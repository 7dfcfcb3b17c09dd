"""Stage 1: a patient's observations in, the episodes of all rules out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerting.model import Episode, Observation, Problem, Rule
from alerting.rules import kinds


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Evaluates the rules in force for one patient."""

    rules: Sequence[Rule]

    def __call__(self, items: Sequence[Observation], now: datetime, /) -> tuple[Episode, ...]:
        """Return every episode, open or closed, within what was observed."""
        return tuple(
            episode
            for rule in self.rules
            for episode in kinds()[rule.kind].episodes(rule, items, now)
        )


def problems(rules: Iterable[Rule], observations: Sequence[Observation]) -> tuple[Problem, ...]:
    """Return the readings that rules could not judge."""
    return tuple(
        problem for rule in rules for problem in kinds()[rule.kind].problems(rule, observations)
    )
