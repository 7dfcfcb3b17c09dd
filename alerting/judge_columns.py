"""Bands over columns: the very comparisons that judge one number, turned into limits in millionths.

A bound is reached by every number beyond some first one, also in another unit, since conversions
never turn the order of numbers round. That first one is searched for, so nothing is rounded twice.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

import numpy as np

from alerting.columns import (
    HI,
    IS_NUMBER,
    LO,
    NONE,
    Codes,
    Columns,
    Judgements,
    Mask,
    first_that,
    unscaled,
)
from alerting.model import Direction, Severity
from alerting.units import convert

# Tells whether a number in a unit fires a band, or with `back`, whether it still holds it.
Reached = Callable[[Severity, Decimal, str, bool], bool]
_BEYOND: Final = {Direction.HIGH: HI, Direction.LOW: LO}


def judge_bands(
    columns: Columns,
    direction: Direction,
    units: Sequence[str],
    bands: Sequence[Severity],
    reached: Reached,
    beyond: Severity | None,
) -> Judgements:
    """Judge every row; `bands` are the worst first, `beyond` is the band of HI or LO."""
    fired, held = (np.full(len(columns), NONE, np.int8) for _ in range(2))
    known = np.isin(columns.absent, (HI, LO))
    for at, own in enumerate(columns.units):
        mine = (columns.unit == at) & (columns.absent == IS_NUMBER)
        unit = own if own in units else next((u for u in units if _converts(own, u)), None)
        if unit is None or not mine.any():
            continue
        known |= mine
        for band in reversed(bands):
            _mark(fired, columns, mine, direction, _test(reached, band, own, unit, False), band)
            _mark(held, columns, mine, direction, _test(reached, band, own, unit, True), band)
    if beyond is not None:
        for marked in (fired, held):
            marked[columns.absent == _BEYOND[direction]] = int(beyond[1])
    return Judgements(fired, held, known)


def _converts(own: str, unit: str) -> bool:
    return convert(Decimal(1), own, unit) is not None


def _test(
    reached: Reached, band: Severity, own: str, unit: str, back: bool
) -> Callable[[int], bool]:
    def holds(number: int) -> bool:
        there = convert(unscaled(number), own, unit)
        return there is not None and reached(band, there, unit, back)

    return holds


def _mark(
    marked: Codes,
    columns: Columns,
    mine: Mask,
    direction: Direction,
    holds: Callable[[int], bool],
    band: Severity,
) -> None:
    """Write the band's code where its limit is reached."""
    if direction is Direction.HIGH:
        first = first_that(holds)
        beyond = columns.number >= first if first is not None else None
    else:
        last = first_that(lambda number: holds(-number))
        beyond = columns.number <= -last if last is not None else None
    if beyond is not None:
        marked[mine & beyond] = int(band[1])
