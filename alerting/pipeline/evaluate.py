"""Stage 1: a patient's observations in, the episodes of all rules out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alerting.extent import Extent, extent
from alerting.model import Carried, Episode, Observation, Problem, Rule
from alerting.rules import ALWAYS, concerned, kinds


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Evaluates the rules in force for one patient.

    By the key of their rule, `carried` are episodes that began before what is observed, and
    `since` says from when on to judge; what is observed before is only looked back on.
    """

    rules: Sequence[Rule]
    carried: Mapping[str, Carried] = field(default_factory=dict)
    since: Mapping[str, datetime] = field(default_factory=dict)

    def __call__(self, items: Sequence[Observation], _now: datetime, /) -> tuple[Episode, ...]:
        """Return every episode, open or closed, within what was observed."""
        seen = {names: concerned(names, items) for names in {r.reads for r in self.rules}}
        within = {names: extent(ordered) for names, ordered in seen.items()}
        return tuple(
            episode
            for rule in self.rules
            for episode in self._of(rule, seen[rule.reads], within[rule.reads])
        )

    def _of(
        self, rule: Rule, ordered: Sequence[Observation], within: Extent | None
    ) -> tuple[Episode, ...]:
        since, carried = self.since.get(rule.key, ALWAYS), self.carried.get(rule.key)
        return kinds()[rule.kind].of(rule, ordered, since, carried, within)


def problems(rules: Iterable[Rule], observations: Sequence[Observation]) -> tuple[Problem, ...]:
    """Return the readings that rules could not judge."""
    return tuple(
        problem for rule in rules for problem in kinds()[rule.kind].problems(rule, observations)
    )
