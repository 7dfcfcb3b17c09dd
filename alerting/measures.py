"""Measures of how glucose spreads: what one reading counts, and what their sums say.

Numbers are counted in millionths, as whole numbers, so that sums are exact however long they run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from alerting.model import Direction
from alerting.series import statistic
from alerting.statistics.glucose import coefficient_of_variation, management_indicator, risk
from alerting.words import template
from device_profiles.codes import PERCENT
from device_profiles.reading import Absent, Frozen

MILLIONTHS: Final = 10**6

# A LO or HI, as a number: outside every range, and no part of a mean.
_LEAST, _MOST = Decimal(-1), Decimal("Infinity")
BEYOND: Final = {Absent.BELOW_RANGE: _LEAST, Absent.ABOVE_RANGE: _MOST}


class Range(Frozen):
    """The target: both ends are in it."""

    low: Annotated[Decimal, Field(ge=0)]
    high: Annotated[Decimal, Field(gt=0)]

    @model_validator(mode="after")
    def _upright(self) -> Self:
        if self.high <= self.low:
            raise ValueError("high is not above low")
        return self


@dataclass(frozen=True, slots=True)
class Measure:
    """What each reading counts, and what the sums over a window say; in `direction` it is bad.

    `counts` gives None where a reading is no part of it; `said` of n readings, the sum of what they
    count and the sum of its squares.
    """

    unit: str
    direction: Direction
    words: str
    counts: Callable[[Decimal, Range | None], int | None]
    said: Callable[[int, int, int], Decimal]
    in_mg_dl: bool = False
    ranged: bool = False


def _share(n: int, total: int, _squares: int) -> Decimal:
    return Decimal(100 * total) / n


def _mean(n: int, total: int, _squares: int) -> Decimal:
    return Decimal(total) / (n * MILLIONTHS)


def _cv(n: int, total: int, squares: int) -> Decimal:
    return statistic(coefficient_of_variation(n, total, squares)) if n > 1 and total else Decimal(0)


def _gmi(n: int, total: int, _squares: int) -> Decimal:
    return statistic(management_indicator(total / (n * MILLIONTHS)))


def _number(number: Decimal, _range: Range | None) -> int | None:
    return None if number in (_LEAST, _MOST) else round(number * MILLIONTHS)


def _side(side: int) -> Callable[[Decimal, Range | None], int | None]:
    def counts(number: Decimal, within: Range | None) -> int | None:
        if within is None:
            return None
        return int((number > within.high) - (number < within.low) == side)

    return counts


def _risk(side: int) -> Callable[[Decimal, Range | None], int | None]:
    def counts(number: Decimal, _range: Range | None) -> int | None:
        if number in (_LEAST, _MOST):
            return None
        return max(0, side * round(risk(float(number)) * MILLIONTHS))

    return counts


_HIGH, _LOW = Direction.HIGH, Direction.LOW

MEASURES: Final[Mapping[str, Measure]] = {
    "cv": Measure(
        PERCENT,
        _HIGH,
        template("brings the variation (CV) of {n} readings to {value} %, {bound}"),
        _number,
        _cv,
    ),
    "in_range": Measure(
        PERCENT,
        _LOW,
        template("brings the share in range of {n} readings to {value} %, {bound}"),
        _side(0),
        _share,
        ranged=True,
    ),
    "above": Measure(
        PERCENT,
        _HIGH,
        template("brings the share above range of {n} readings to {value} %, {bound}"),
        _side(1),
        _share,
        ranged=True,
    ),
    "below": Measure(
        PERCENT,
        _HIGH,
        template("brings the share below range of {n} readings to {value} %, {bound}"),
        _side(-1),
        _share,
        ranged=True,
    ),
    "lbgi": Measure(
        "1",
        _HIGH,
        template("brings the risk of low glucose (LBGI) of {n} readings to {value}, {bound}"),
        _risk(-1),
        _mean,
        in_mg_dl=True,
    ),
    "hbgi": Measure(
        "1",
        _HIGH,
        template("brings the risk of high glucose (HBGI) of {n} readings to {value}, {bound}"),
        _risk(1),
        _mean,
        in_mg_dl=True,
    ),
    "gmi": Measure(
        PERCENT,
        _HIGH,
        template("brings the glucose indicator (GMI) of {n} readings to {value} %, {bound}"),
        _number,
        _gmi,
        in_mg_dl=True,
    ),
}
