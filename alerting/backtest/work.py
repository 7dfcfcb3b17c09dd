"""The work that alerts make: tasks, as the worklist opens them, and minutes.

A task takes in all that comes while it is open. How long people take is not known, so it is a
setting: by default they close each task, with an answer, when it is due. Then its alert rests as in
the live pipeline (`alerting/pipeline/snooze.py`): what is worse, and another episode, open the next
task at once, and what only went on opens it when the rest is over. P3 and P4 end by themselves
where readings are good again before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from alerting.backtest.found import Found
from alerting.backtest.told import FOREVER, Opening, Told
from alerting.columns import Codes, Ints, Mask
from alerting.model import Rule, Severity
from alerting.pipeline.snooze import rest

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


def tasks(found: Found, handling: Handling = DEFAULT, until: int = FOREVER) -> Tasks:
    """Return the tasks of a rule's alerts, all patients by one at a time.

    A rest that goes on beyond `until`, the end of what is known, opens none.
    """
    told, rests = Told.of(found), _rests(found.rule)
    after = _by_code(handling.closed_after)
    made: list[tuple[Opening, Codes, Mask]] = []
    now = told.first()
    while len(now.at):
        end, itself = told.ends(now, after)
        following = told.following(now, end)
        priority = told.worst(now, following)
        made.append((now, priority, itself))
        # What ended by itself was answered by nobody.
        rested = end + np.where(itself, 0, rests[priority])
        now = told.then(now, following, priority, rested).before(until)
    return _joined(made)


def _rests(rule: Rule) -> Ints:
    return _by_code({int(each[1]): rest(rule.ask_again, each) for each in Severity})


def _by_code(waits: Mapping[int, timedelta]) -> Ints:
    found = np.zeros(5, np.int64)
    for code, wait in waits.items():
        found[code] = wait // _MICROSECOND
    return found


def _joined(made: Sequence[tuple[Opening, Codes, Mask]]) -> Tasks:
    at = np.concatenate([np.empty(0, np.int64), *(opened.at for opened, _, _ in made)])
    patient = np.concatenate([np.empty(0, np.int32), *(opened.patient for opened, _, _ in made)])
    priority = np.concatenate([np.empty(0, np.int8), *(each for _, each, _ in made)])
    itself = np.concatenate([np.empty(0, np.bool_), *(each for _, _, each in made)])
    order = np.lexsort((at, patient))
    return Tasks(patient[order], at[order], priority[order], itself[order])
