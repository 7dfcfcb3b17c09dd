"""A rule's timely evidence as the worklist hears of it: which of it opens a task, and which rests.

Rows are in order of patient and of when a hub had them. A task that a person closed is an answer to
its episode: until its rest is over, rows of the same episode that are no worse open nothing.
"""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from alerting.backtest.found import OPEN, Found
from alerting.columns import Codes, Ints, Mask

FOREVER: Final = 2**62


@dataclass(frozen=True, slots=True)
class Opening:
    """Where tasks open, one a patient: when, of which episode, and the first row not before it.

    `by_row` tells whether that row opened it, or the end of a rest.
    """

    patient: NDArray[np.int32]
    at: Ints
    severity: Codes
    episode: Ints
    row: Ints
    by_row: Mask

    def chosen(self, which: Mask) -> "Opening":
        """Return some of them."""
        return Opening(*(getattr(self, field.name)[which] for field in fields(self)))

    def before(self, until: int) -> "Opening":
        """Return them without what a rest that is over after a moment opens."""
        return self.chosen(self.by_row | (self.at < until))


@dataclass(frozen=True, slots=True)
class Told:
    """Timely evidence. `other` is for each row the next one of another episode.

    `worse` are the rows that are worse than a severity, by its code. `key` is the order of all rows
    as one number, `span` of it a patient.
    """

    patient: NDArray[np.int32]
    seen: Ints
    severity: Codes
    episode: Ints
    other: Ints
    worse: tuple[Ints, ...]
    key: Ints
    span: int
    closed_at: Ints
    """By episode."""

    @classmethod
    def of(cls, found: Found) -> "Told":
        """Return what came in time."""
        told = found.evidence
        rows = np.flatnonzero(~told.late)
        rows = rows[np.lexsort((told.seen[rows], found.patient[told.episode[rows]]))]
        episode, seen, severity = told.episode[rows], told.seen[rows], told.severity[rows]
        patient = found.patient[episode]
        changes = np.flatnonzero(np.diff(episode)) + 1
        span = int(np.ptp(seen)) + 2 if len(rows) else 1
        return cls(
            patient=patient,
            seen=seen,
            severity=severity,
            episode=episode,
            other=_next(changes, np.arange(len(rows)) + 1, len(rows)),
            worse=tuple(np.flatnonzero(severity < code) for code in range(5)),
            key=patient.astype(np.int64) * span + seen - seen.min(initial=FOREVER),
            span=span,
            closed_at=found.closed_at,
        )

    def first(self) -> Opening:
        """Return each patient's first task."""
        return self._by_row(np.flatnonzero(np.diff(self.patient, prepend=-1)))

    def ends(self, now: Opening, after: Ints) -> tuple[Ints, Mask]:
        """Return when tasks end, and which of them by themselves."""
        end, closed = now.at + after[now.severity], self.closed_at[now.episode]
        over = np.maximum(closed, now.at)
        itself = (now.severity >= 3) & (closed != OPEN) & (over < end)
        return np.where(itself, over, end), itself

    def following(self, now: Opening, end: Ints) -> Ints:
        """Return the first row that a task no longer takes in."""
        return np.maximum(self._since(now.patient, end), now.row + now.by_row)

    def worst(self, now: Opening, following: Ints) -> Codes:
        """Return the priority to which each task rose."""
        worst = now.severity.copy()
        for code in (3, 2, 1):
            rose = _next(self.worse[code + 1], now.row, len(self.seen)) < following
            worst[rose] = np.minimum(worst[rose], code)
        return worst

    def then(self, now: Opening, following: Ints, priority: Codes, rested: Ints) -> Opening:
        """Return the tasks after these, where there are any; `rested` is when rests are over."""
        more = self._of(now.patient, following)
        now, row, priority, rested = now.chosen(more), following[more], priority[more], rested[more]
        answered = np.where(row > now.row, self.episode[row - 1], now.episode)
        over = np.maximum(self._since(now.patient, rested), row)
        wakes = np.minimum(np.minimum(over, self.other[row]), self._worse(priority, row))
        wakes = np.where(self.episode[row] == answered, wakes, row)
        closed = self.closed_at[answered]
        goes_on = (wakes > row) & (wakes == over) & ((closed == OPEN) | (closed > rested))
        opens = ~goes_on & self._of(now.patient, wakes)
        held = self.severity[wakes - 1]
        rests = Opening(now.patient, rested, held, answered, wakes, np.zeros(len(row), np.bool_))
        return _both(rests.chosen(goes_on), self._by_row(wakes[opens]))

    def _by_row(self, row: Ints) -> Opening:
        place = (self.patient[row], self.seen[row], self.severity[row], self.episode[row])
        return Opening(*place, row, np.ones(len(row), np.bool_))

    def _of(self, patient: NDArray[np.int32], row: Ints) -> Mask:
        """Tell which rows are there, and of these patients."""
        if not len(self.patient):
            return np.zeros(len(row), np.bool_)
        mine: Mask = self.patient[np.minimum(row, len(self.patient) - 1)] == patient
        return mine & (row < len(self.patient))

    def _since(self, patient: NDArray[np.int32], at: Ints) -> Ints:
        """Return each patient's first row at a moment or later, else the row after theirs."""
        since = np.clip(at - self.seen.min(), 0, self.span - 1)
        asked = patient.astype(np.int64) * self.span + since
        found: Ints = np.searchsorted(self.key, asked, side="left")
        return found

    def _worse(self, than: Codes, row: Ints) -> Ints:
        """Return the next row, from each of these on, that is worse than a severity."""
        found = np.full(len(row), len(self.seen), np.int64)
        for code in (2, 3, 4):
            asked = than == code
            found[asked] = _next(self.worse[code], row[asked], len(self.seen))
        return found


def _next(places: Ints, row: Ints, end: int) -> Ints:
    """Return the first of these places at each row or after it."""
    found: Ints = np.append(places, end)[np.searchsorted(places, row, side="left")]
    return found


def _both(one: Opening, other: Opening) -> Opening:
    names = [field.name for field in fields(Opening)]
    return Opening(*(np.concatenate([getattr(o, name) for o in (one, other)]) for name in names))
