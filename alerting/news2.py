"""Partial NEWS2: the score of what is known, its range, and the risk that nothing missing changes.

National Early Warning Score (NEWS) 2, (c) Royal College of Physicians 2017; the chart's numbers
are unaltered. It is not validated at home, where most of its seven parameters are not measured. A
missing one is never 0: the score is told with how many it rests on and how high it may be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final, Literal


class Parameter(StrEnum):
    """The seven of the chart."""

    RESPIRATION = "respiratory_rate"
    SPO2 = "spo2"
    OXYGEN = "oxygen"
    SYSTOLIC = "systolic"
    PULSE = "pulse"
    CONSCIOUSNESS = "consciousness"
    TEMPERATURE = "temperature"


class Risk(IntEnum):
    """The chart's classes; a higher one is worse."""

    LOW = 0
    LOW_MEDIUM = 1
    MEDIUM = 2
    HIGH = 3


Scale = Literal[1, 2]
# Up to and with this number so many points; the last step has no end.
Steps = Sequence[tuple[Decimal | None, int]]


def _steps(*steps: tuple[str | None, int]) -> Steps:
    return tuple((None if upto is None else Decimal(upto), points) for upto, points in steps)


_CHART: Final[Mapping[Parameter, Steps]] = MappingProxyType(
    {
        Parameter.RESPIRATION: _steps(("8", 3), ("11", 1), ("20", 0), ("24", 2), (None, 3)),
        Parameter.SYSTOLIC: _steps(("90", 3), ("100", 2), ("110", 1), ("219", 0), (None, 3)),
        Parameter.PULSE: _steps(("40", 3), ("50", 1), ("90", 0), ("110", 1), ("130", 2), (None, 3)),
        Parameter.TEMPERATURE: _steps(
            ("35.0", 3), ("36.0", 1), ("38.0", 0), ("39.0", 1), (None, 2)
        ),
    }
)
_SPO2: Final = _steps(("91", 3), ("93", 2), ("95", 1), (None, 0))
_SPO2_2_ON_AIR: Final = _steps(("83", 3), ("85", 2), ("87", 1), (None, 0))
_SPO2_2_ON_OXYGEN: Final = _steps(
    ("83", 3), ("85", 2), ("87", 1), ("92", 0), ("94", 1), ("96", 2), (None, 3)
)
MOST: Final = MappingProxyType({p: 2 if p is Parameter.OXYGEN else 3 for p in Parameter})
TENTH: Final = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Vitals:
    """What is known, in the chart's units: %, mmHg, a minute and degrees Celsius.

    A number that is not here is not known. Scale 2 (target 88-92 %) only where a clinician set it.
    """

    numbers: Mapping[Parameter, Decimal] = field(default_factory=dict)
    on_oxygen: bool | None = None
    alert: bool | None = None
    scale: Scale = 1


@dataclass(frozen=True, slots=True)
class Points:
    """The points of a parameter that is known. `most` is more where they hang on a missing one."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Partial:
    """A score as far as it is known."""

    points: Mapping[Parameter, Points]

    @property
    def known(self) -> int:
        """Return of how many of the seven it is made."""
        return len(self.points)

    @property
    def missing(self) -> tuple[Parameter, ...]:
        """Return what is not known."""
        return tuple(parameter for parameter in Parameter if parameter not in self.points)

    @property
    def score(self) -> int:
        """Return the points of what is known: the whole score is never less."""
        return sum(points.least for points in self.points.values())

    @property
    def most(self) -> int:
        """Return what the whole score is at most."""
        known = sum(points.most for points in self.points.values())
        return known + sum(MOST[parameter] for parameter in self.missing)

    @property
    def single(self) -> int:
        """Return the most points that any one parameter has for certain."""
        return max((points.least for points in self.points.values()), default=0)

    @property
    def least_risk(self) -> Risk:
        """Return the class that it has at least."""
        return risk(self.score, self.single)

    @property
    def risk(self) -> Risk | None:
        """Return the class, where nothing that is missing could change it."""
        singles = [points.most for points in self.points.values()]
        single = max([*singles, *(MOST[parameter] for parameter in self.missing)])
        worst = risk(self.most, single)
        return worst if worst is self.least_risk else None


def risk(score: int, single: int) -> Risk:
    """Return the class of a whole score whose highest single points are these."""
    if score >= 7:
        return Risk.HIGH
    if score >= 5:
        return Risk.MEDIUM
    return Risk.LOW_MEDIUM if single >= 3 else Risk.LOW


def partial(vitals: Vitals) -> Partial:
    """Score what is known."""
    points = {
        parameter: _certain(_read(_CHART[parameter], _rounded(parameter, number)))
        for parameter, number in vitals.numbers.items()
        if parameter in _CHART
    }
    if Parameter.SPO2 in vitals.numbers:
        points[Parameter.SPO2] = _spo2(vitals, vitals.numbers[Parameter.SPO2])
    if vitals.on_oxygen is not None:
        points[Parameter.OXYGEN] = _certain(2 if vitals.on_oxygen else 0)
    if vitals.alert is not None:
        points[Parameter.CONSCIOUSNESS] = _certain(0 if vitals.alert else 3)
    return Partial({parameter: points[parameter] for parameter in Parameter if parameter in points})


def _spo2(vitals: Vitals, number: Decimal) -> Points:
    """On scale 2 the points of a high value hang on oxygen; where that is missing, both count."""
    rounded = _rounded(Parameter.SPO2, number)
    if vitals.scale == 1:
        return _certain(_read(_SPO2, rounded))
    on_air, on_oxygen = _read(_SPO2_2_ON_AIR, rounded), _read(_SPO2_2_ON_OXYGEN, rounded)
    if vitals.on_oxygen is None:
        return Points(on_air, on_oxygen)
    return _certain(on_oxygen if vitals.on_oxygen else on_air)


def _certain(points: int) -> Points:
    return Points(points, points)


def _rounded(parameter: Parameter, number: Decimal) -> Decimal:
    """The chart has whole numbers, and tenths of a degree: what lies between is rounded first."""
    step = TENTH if parameter is Parameter.TEMPERATURE else Decimal(1)
    return number.quantize(step, ROUND_HALF_UP)


def _read(steps: Steps, number: Decimal) -> int:
    return next(points for upto, points in steps if upto is None or number <= upto)
