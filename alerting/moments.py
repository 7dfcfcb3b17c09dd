"""Readings as moments: what one reading says, and the latest values that were known then.

What is looked back on is valid; a questionable reading speaks for itself alone, so that a value
that is to be measured again never lingers in the judgement of others.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from alerting.model import Observation
from device_profiles.reading import Validity

Values = tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """A reading, with the latest values by component; of one component a reading may have two."""

    own: Values
    latest: Mapping[str, Values]

    @property
    def at(self) -> datetime:
        """Return when it was measured."""
        return self.own[0].measured_at

    def within(self, component: str, age: timedelta) -> Values:
        """Return the latest values of a component, if they are not older than `age`."""
        found = self.latest.get(component, ())
        return found if found and self.at - found[0].measured_at <= age else ()


def by_reading(observations: Sequence[Observation]) -> Iterator[Values]:
    """Return the values of each reading, from observations that are in order."""
    for _, found in groupby(observations, lambda each: (each.measured_at, each.reading_id)):
        yield tuple(found)


def moments(observations: Sequence[Observation], since: datetime) -> Iterator[Moment]:
    """Return a moment for every reading from `since` on, in order."""
    latest: dict[str, Values] = {}
    for own in by_reading(observations):
        mine = _by_component(own)
        known = latest | mine
        if own[0].measured_at >= since:
            yield Moment(own, known)
        latest = known if own[0].validity is Validity.VALID else latest


def _by_component(own: Values) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for each in own:
        found[each.component] = (*found.get(each.component, ()), each)
    return found
