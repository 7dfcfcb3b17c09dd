"""The work that alerts make: tasks, as the worklist opens them, and minutes.

A task takes in all that comes while it is open, and new evidence after its end opens the next one.
How long people take is not known, so it is a setting: by default they close each task when it is
due. P3 and P4 end by themselves where readings are good again before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from alerting.backtest.found import OPEN, Found
from alerting.columns import Codes, Ints, Mask

_MICROSECOND: Final = timedelta(microseconds=1)
_HOUR: Final = timedelta(hours=1)
# By code of severity; all of these are judgements (J).
MINUTES: Final[Mapping[int, float]] = MappingProxyType({1: 20, 2: 15, 3: 10, 4: 5})
CLOSED_AFTER: Final[Mapping[int, timedelta]] = MappingProxyType(
    {1: _HOUR / 2, 2: 4 * _HOUR, 3: 24 * _HOUR, 4: 72 * _HOUR}
)


@dataclass(frozen=True, slots=True)
class Handling:
    """How long tasks take by priority: minutes of somebody's time, and until they are closed."""

    minutes: Mapping[int, float] = field(default_factory=lambda: MINUTES)
    closed_after: Mapping[int, timedelta] = field(default_factory=lambda: CLOSED_AFTER)


DEFAULT: Final = Handling()


@dataclass(frozen=True, slots=True)
class Tasks:
    """Tasks of one rule by patient and time; `itself` are those that ended by themselves."""

    patient: NDArray[np.int32]
    at: Ints
    priority: Codes
    itself: Mask

    def __len__(self) -> int:
        return len(self.at)

    def minutes(self, handling: Handling) -> float:
        """Return the minutes that people need for them; none for what ends by itself."""
        worked = self.priority[~self.itself]
        return float(sum(np.sum(worked == code) * each for code, each in handling.minutes.items()))


def tasks(found: Found, handling: Handling = DEFAULT) -> Tasks:
    """Return the tasks of a rule's alerts."""
    told = found.evidence
    rows = np.flatnonzero(~told.late)
    patient = found.patient[told.episode[rows]]
    order = np.lexsort((told.seen[rows], patient))
    rows, patient = rows[order], patient[order]
    seen, severity = told.seen[rows], told.severity[rows]
    end, itself = _ends(found, told.episode[rows], seen, severity, handling)
    starts = _chain(patient, seen, end)
    return Tasks(
        patient=patient[starts],
        at=seen[starts],
        priority=np.minimum.reduceat(severity, starts) if len(starts) else severity,
        itself=itself[starts],
    )


def _ends(
    found: Found, episode: Ints, seen: Ints, severity: Codes, handling: Handling
) -> tuple[Ints, Mask]:
    """Return when a task that each reading opened would end, and whether by itself."""
    after = np.zeros(5, np.int64)
    for code, wait in handling.closed_after.items():
        after[code] = wait // _MICROSECOND
    end = seen + after[severity]
    closed = np.maximum(found.closed_at[episode], seen)
    itself = (severity >= 3) & (found.closed_at[episode] != OPEN) & (closed < end)
    return np.where(itself, closed, end), itself


def _chain(patient: NDArray[np.int32], seen: Ints, end: Ints) -> Ints:
    """Return the places that open a task: each patient's first, and what comes after its end.

    All patients go on by one task at a time.
    """
    opens = np.zeros(len(seen), np.bool_)
    if not len(seen):
        return np.flatnonzero(opens)
    person = np.cumsum(np.append(0, patient[1:] != patient[:-1]))
    first = int(seen.min())
    span = int(end.max()) - first + 1
    key = person.astype(np.int64) * span + (seen - first)
    following = np.searchsorted(key, person * span + (end - first), side="left")
    place = np.flatnonzero(np.append(True, person[1:] != person[:-1]))
    while len(place):
        opens[place] = True
        then = np.maximum(following[place], place + 1)
        there = then < len(seen)
        place, then = place[there], then[there]
        place = then[person[then] == person[place]]
    return np.flatnonzero(opens)
