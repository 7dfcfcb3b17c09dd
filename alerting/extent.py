"""Between which numbers readings lie: enough to tell that none of them reaches a limit.

People measure what is usual, most of the time. Of a hundred rules nearly all are done with two
comparisons then, and their judgements of single readings are not needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from alerting.bands import SYMPTOMS, Banded
from alerting.model import Direction, Observation


@dataclass(frozen=True, slots=True)
class Extent:
    """The least and the most of readings of one value in one unit."""

    unit: str
    least: Decimal
    most: Decimal

    def reaches(self, rule: Banded) -> bool:
        """Tell whether one of them may reach a limit of a rule."""
        return _reaches(rule, self.unit, self.least, self.most)

    def changes(self, rule: Banded) -> bool:
        """Tell whether the difference of two of them may reach a limit of a rule."""
        most = self.most - self.least
        return _reaches(rule, self.unit, -most, most)


def extent(observations: Sequence[Observation]) -> Extent | None:
    """Return the extent, None for what is not so simple: HI and LO, several units, answers."""
    numbers = [each.number for each in observations if each.number is not None]
    kinds = {(each.component, each.unit) for each in observations}
    if len(kinds) != 1 or len(numbers) < len(observations):
        return None
    ((component, unit),) = kinds
    return None if component == SYMPTOMS else Extent(unit, min(numbers), max(numbers))


def _reaches(rule: Banded, unit: str, least: Decimal, most: Decimal) -> bool:
    # Whoever does not reach the mildest band reaches none (`Banded`).
    bound = next(reversed(rule.bands.values())).get(unit)
    number = most if rule.direction is Direction.HIGH else least
    return bound is None or bound.reached(number)
