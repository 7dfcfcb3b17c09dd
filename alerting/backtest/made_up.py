"""Made-up histories, for timing and for tests: drawn all at once, around a mean of each person.

These are no virtual patients: nothing happens to them. Those are made by `hearthline-sim series`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np

from alerting.backtest.series import Series
from alerting.columns import Columns, micros
from device_profiles.codes import MG_DL, MMHG, PER_MINUTE, PERCENT

END: Final = datetime(2026, 11, 1, tzinfo=UTC)
_DAY: Final = 86_400_000_000
_DELAY: Final = 5_000_000


class Drawn(NamedTuple):
    """A value: which of the day's readings have it, its mean, its deviations between and within."""

    unit: str
    slots: tuple[int, ...]
    mean: float
    between: float
    within: float


# Four readings a day: two of a cuff (0 and 3), one of an oximeter, one of a glucose meter.
VALUES: Final[Mapping[str, Drawn]] = MappingProxyType(
    {
        "systolic": Drawn(MMHG, (0, 3), 138, 16, 11),
        "diastolic": Drawn(MMHG, (0, 3), 80, 9, 7),
        "pulse": Drawn(PER_MINUTE, (0, 1, 3), 74, 10, 7),
        "spo2": Drawn(PERCENT, (1,), 96.5, 1, 0.9),
        "glucose": Drawn(MG_DL, (2,), 135, 25, 35),
    }
)
SLOTS: Final = 4


def made_up(people: int, days: int, seed: int = 1) -> Series:
    """Draw whole numbers at four times of each day, for so many people."""
    random = np.random.default_rng(seed)
    begin = micros(END) - days * _DAY
    return Series(
        patients=tuple(f"made-up-{number:05}" for number in range(people)),
        begin=begin,
        end=micros(END),
        components={
            name: _columns(drawn, people, days, begin, random) for name, drawn in VALUES.items()
        },
    )


def _columns(
    drawn: Drawn, people: int, days: int, begin: int, random: np.random.Generator
) -> Columns:
    shape = (people, days, len(drawn.slots))
    noise = random.standard_normal(shape, np.float32)
    mean = random.normal(drawn.mean, drawn.between, (people, 1, 1)).astype(np.float32)
    number = np.rint(mean + noise * np.float32(drawn.within)).astype(np.int64) * 10**6
    rows = number.size
    slots = np.array(drawn.slots)
    at = begin + _DAY * np.arange(days)[:, None] + _DAY // SLOTS * slots
    reading = np.arange(people * days)[:, None] * SLOTS + slots

    def same(value: Any, kind: Any) -> Any:
        return np.broadcast_to(np.array(value, kind), (rows,))

    return Columns(
        patient=np.repeat(np.arange(people, dtype=np.int32), days * len(slots)),
        at=np.broadcast_to(at, shape).reshape(-1).astype(np.int64),
        high=same(0, np.uint64),
        low=reading.reshape(-1).astype(np.uint64),
        ordinal=same(0, np.int16),
        delay=same(_DELAY, np.int64),
        unit=same(0, np.int8),
        number=number.reshape(-1),
        absent=same(0, np.int8),
        questionable=same(False, np.bool_),
        flags=same(0, np.int16),
        offset=same(0, np.int32),
        units=(drawn.unit,),
    )
