"""One component's values of many patients as columns of numbers: what is judged all at once.

Numbers are exact: whole millionths. What does not fit into that is not here, but judged one by one.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Self
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from alerting.model import Observation
from device_profiles.reading import Absent, Validity

DIGITS: Final = 6
# Below, sums of numbers and margins stay far from the end of 64 bits.
LARGEST: Final = 10**15
# The codes of severities are 1 to 4.
NONE: Final = 9
# Codes of why there is no number; only HI and LO say something to a threshold.
IS_NUMBER, HI, LO, OTHER = range(4)
_ABSENT: Final = {Absent.ABOVE_RANGE: HI, Absent.BELOW_RANGE: LO}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

Ints = NDArray[np.int64]
Codes = NDArray[np.int8]
Mask = NDArray[np.bool_]


def micros(at: datetime) -> int:
    """Return a moment as microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def moment(micros: int) -> datetime:
    """Return the moment of so many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=int(micros))


def scaled(number: Decimal) -> int | None:
    """Return the number in millionths, or None where it is not whole or too large."""
    if not number or abs(number.adjusted()) > 9 or int(number.as_tuple().exponent) < -DIGITS:
        return 0 if not number else None
    return int(number.scaleb(DIGITS))


def unscaled(number: int) -> Decimal:
    """Return the number of so many millionths."""
    return Decimal(int(number)).scaleb(-DIGITS)


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows in order of patient, time, reading and ordinal; only what takes part in rules.

    `high` and `low` are the halves of a reading's id, `at` is when it was measured and `delay` how
    long after that the hub had it, in microseconds. `offset` is the patient's from UTC, in seconds.
    """

    patient: NDArray[np.int32]
    at: Ints
    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    ordinal: NDArray[np.int16]
    delay: Ints
    unit: Codes
    number: Ints
    absent: Codes
    questionable: Mask
    flags: NDArray[np.int16]
    offset: NDArray[np.int32]
    units: tuple[str, ...]
    flag_sets: tuple[frozenset[str], ...] = (frozenset(),)

    def __len__(self) -> int:
        return len(self.at)

    def chosen(self, rows: Mask | Ints | slice) -> Self:
        """Return some of the rows, in their order."""
        arrays = (f.name for f in fields(self) if f.name not in ("units", "flag_sets"))
        return replace(self, **{name: getattr(self, name)[rows] for name in arrays})

    def in_order(self) -> Self:
        """Return the rows in their order."""
        keys = (self.ordinal, self.low, self.high, self.at, self.patient)
        return self.chosen(np.lexsort(keys))

    def observation(self, row: int, component: str) -> Observation:
        """Return one row as rules that judge one by one see it."""
        at, absent = moment(self.at[row]), int(self.absent[row])
        there = moment(self.at[row] + self.delay[row])
        why = {HI: Absent.ABOVE_RANGE, LO: Absent.BELOW_RANGE, OTHER: Absent.SENTINEL}
        return Observation.model_construct(
            reading_id=self.reading(row),
            measured_at=at,
            received_at=there,
            stored_at=there,
            component=component,
            unit=self.units[self.unit[row]],
            validity=Validity.QUESTIONABLE if self.questionable[row] else Validity.VALID,
            number=None if absent else unscaled(self.number[row]),
            absent=why[absent] if absent else None,
            ordinal=int(self.ordinal[row]),
            flags=self.flag_sets[self.flags[row]],
            utc_offset=timedelta(seconds=int(self.offset[row])),
        )

    def reading(self, row: int) -> UUID:
        """Return the id of a row's reading."""
        return UUID(int=(int(self.high[row]) << 64) | int(self.low[row]))


@dataclass(frozen=True, slots=True)
class Judgements:
    """What a rule says of each row: the bands that it fires and holds, as codes; NONE for none.

    A row that is not `known` is one of which the rule can say nothing. What fires also holds, at
    that band or a worse one.
    """

    fired: Codes
    held: Codes
    known: Mask


def one_per_reading(columns: Columns, judged: Judgements, kept: Ints) -> Ints:
    """Of one reading's several values keep the worst; `kept` are the rows that count."""
    named: tuple[Any, ...] = (columns.patient, columns.at, columns.high, columns.low)
    new = np.zeros(len(kept), np.bool_)
    new[:1] = True
    for field in named:
        new[1:] |= field[kept][1:] != field[kept][:-1]
    if new.all():
        return kept
    order = np.lexsort(
        (columns.ordinal[kept], judged.held[kept], judged.fired[kept], np.cumsum(new))
    )
    return kept[order][new]


def absence(observation: Observation) -> int:
    """Return the code of why an observation has no number."""
    if observation.number is not None:
        return IS_NUMBER
    return _ABSENT.get(observation.absent or Absent.SENTINEL, OTHER)


def first_that(reaches: Callable[[int], bool]) -> int | None:
    """Return the smallest number in millionths that reaches a limit, where larger ones do too."""
    low, high = -LARGEST, LARGEST
    if not reaches(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle + 1, high)
    return low
