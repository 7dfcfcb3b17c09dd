"""Conditions over several vital signs: bounds on latest values, joined by all, any and not.

There are three answers, as in Kleene's logic: it holds, it does not, or it is not known because a
value is missing. Absence of data makes nothing hold, neither a bound nor its contrary.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import IntEnum
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, model_validator

from alerting.bands import in_one_of
from alerting.bounds import Bound
from alerting.model import Direction, Observation
from alerting.moments import Moment
from alerting.units import written
from alerting.words import Said
from device_profiles.reading import Absent, Frozen

_BEYOND: Final = {Absent.ABOVE_RANGE: Direction.HIGH, Absent.BELOW_RANGE: Direction.LOW}


class Slack(IntEnum):
    """By which limit a bound is asked: as it stands, or further in or out by its margin."""

    STRICTER = -1
    NONE = 0
    LOOSER = 1


@dataclass(slots=True)
class Asked:
    """One question to a condition; `used` collects the values that it was answered by."""

    moment: Moment
    within: timedelta
    slack: Slack = Slack.NONE
    used: dict[tuple[str, int], Observation] = field(default_factory=dict)


class Written(Frozen):
    """A part of a condition, with the words `is` and `not` as people write them in a pack."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class Leaf(Written):
    """The latest value of a component, in one of these units, is beyond its bound."""

    component: str
    bounds: Annotated[dict[str, Bound], Field(alias="is", min_length=1)]
    margin: dict[str, Annotated[Decimal, Field(ge=0)]] = Field(default_factory=dict)
    within: Annotated[timedelta | None, Field(gt=timedelta(0))] = None

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if len({bound.direction for bound in self.bounds.values()}) > 1:
            raise ValueError("the bounds of one value in several units point one way")
        if not set(self.margin) <= set(self.bounds):
            raise ValueError("a margin is in one of the units of the bounds")
        return self

    def leaves(self) -> Iterator["Leaf"]:
        """Return itself."""
        yield self

    def holds(self, asked: Asked) -> bool | None:
        """Tell whether it holds; None where no value is known. Of two values the worse counts."""
        answers = []
        for value in asked.moment.within(self.component, self.within or asked.within):
            answer = self._holds(value, asked.slack)
            if answer is not None:
                answers.append(answer)
                asked.used[value.component, value.ordinal] = value
        return any(answers) if answers else None

    def _holds(self, value: Observation, slack: Slack) -> bool | None:
        side = next(iter(self.bounds.values())).direction
        if value.absent in _BEYOND:
            return _BEYOND[value.absent] is side
        found = in_one_of(tuple(self.bounds), value)
        if found is None:
            return None
        number, unit = found
        return self.bounds[unit].held(number, slack * self.margin.get(unit, Decimal(0)))

    def said(self, _asked: Asked) -> Said:
        """Return it in words."""
        unit, bound = next(iter(self.bounds.items()))
        name = Said.of(self.component.replace("_", " "))
        return Said.of("{name} {bound} {unit}", name=name, bound=bound.said(), unit=written(unit))


class All(Frozen):
    """Every part holds."""

    all: Annotated[tuple["Condition", ...], Field(min_length=2)]

    def leaves(self) -> Iterator[Leaf]:
        """Return every leaf below."""
        return (leaf for part in self.all for leaf in part.leaves())

    def holds(self, asked: Asked) -> bool | None:
        """Tell whether all hold: one that does not is enough to say no."""
        answers = [part.holds(asked) for part in self.all]
        return False if False in answers else None if None in answers else True

    def said(self, asked: Asked) -> Said:
        """Return it in words."""
        return _joined("{first} and {next}", [part.said(asked) for part in self.all])


class AnyOf(Frozen):
    """At least one part holds."""

    any: Annotated[tuple["Condition", ...], Field(min_length=2)]

    def leaves(self) -> Iterator[Leaf]:
        """Return every leaf below."""
        return (leaf for part in self.any for leaf in part.leaves())

    def holds(self, asked: Asked) -> bool | None:
        """Tell whether one holds: that is enough to say yes."""
        answers = [part.holds(asked) for part in self.any]
        return True if True in answers else None if None in answers else False

    def said(self, asked: Asked) -> Said:
        """Return in words those parts that hold."""
        held = [part for part in self.any if part.holds(asked)] or self.any
        return _joined("{first} or {next}", [part.said(asked) for part in held])


class Not(Written):
    """A part does not hold; where nothing is known of it, only if `or_missing` says so."""

    part: Annotated["Condition", Field(alias="not")]
    or_missing: bool = False

    def leaves(self) -> Iterator[Leaf]:
        """Return every leaf below."""
        return self.part.leaves()

    def holds(self, asked: Asked) -> bool | None:
        """Tell whether the part does not hold."""
        turned = Asked(asked.moment, asked.within, Slack(-asked.slack), asked.used)
        answer = self.part.holds(turned)
        return (True if self.or_missing else None) if answer is None else not answer

    def said(self, asked: Asked) -> Said:
        """Return it in words."""
        if self.or_missing and self.part.holds(asked) is None:
            return Said.of("nothing known of {part}", part=self.part.said(asked))
        return Said.of("not {part}", part=self.part.said(asked))


Condition = Leaf | All | AnyOf | Not
All.model_rebuild()
AnyOf.model_rebuild()
Not.model_rebuild()


def _joined(template: str, words: Sequence[Said]) -> Said:
    said = words[0]
    for word in words[1:]:
        said = Said.of(template, first=said, next=word)
    return said
