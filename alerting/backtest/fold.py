"""The fold of `alerting.fold` over columns: all patients at once, and the same episodes.

An episode begins at a reading that fires where none goes on, and ends at the first place where n
readings in a row hold no band. What fires holds, so such a run never reaches back before the
reading that fired last: whether an episode ended between two readings that fire is a count.

The severity s follows s = min(fired, max(s, worst held of the last n)). For each band v, "s is v or
milder" is then a switch: set where fired and held are all v or milder, reset where something worse
fires, else as it was. What a switch shows is what moved it last.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np

from alerting.backtest.found import OPEN, Evidences, Found, of_episodes
from alerting.columns import NONE, Codes, Columns, Ints, Judgements, Mask, one_per_reading
from alerting.model import Rule

_MICROSECOND: Final = timedelta(microseconds=1)


def fold(rule: Rule, columns: Columns, judged: Judgements) -> Found:
    """Return the episodes in which a rule held."""
    rows = _Rows.of(rule, columns, judged)
    fires = np.flatnonzero(rows.fired != NONE)
    if not len(fires):
        return of_episodes(rule, (), ())
    ends = rows.ends()
    counted = np.cumsum(ends)
    begins = _changes(rows.columns.patient[fires])
    begins[1:] |= np.diff(counted[fires]) > 0
    return _found(rule, rows, fires, begins, np.flatnonzero(ends))


@dataclass(frozen=True, slots=True)
class _Rows:
    """What the fold sees: one row a reading, none that changes nothing."""

    columns: Columns
    fired: Codes
    held: Codes
    n: int

    @classmethod
    def of(cls, rule: Rule, columns: Columns, judged: Judgements) -> "_Rows":
        if bool(np.any(judged.held > judged.fired)):
            raise ValueError(f"{rule.key} fires where it does not hold")
        fires = np.zeros(int(columns.patient.max(initial=-1)) + 1, np.bool_)
        fires[columns.patient[judged.known & (judged.fired != NONE)]] = True
        kept = np.flatnonzero(judged.known & fires[columns.patient])
        kept = one_per_reading(columns, judged, kept)
        # A questionable reading that does not fire changes nothing.
        kept = kept[~(columns.questionable[kept] & (judged.fired[kept] == NONE))]
        chosen = columns.chosen(kept)
        return cls(chosen, judged.fired[kept], judged.held[kept], rule.clear_after)

    def ends(self) -> Mask:
        """Tell where the n-th reading in a row holds no band."""
        place = np.arange(len(self.held))
        starts = _changes(self.columns.patient)
        before = np.where(starts, place - 1, -1)
        bad = np.where(self.held != NONE, place, before)
        run = place - np.maximum.accumulate(bad) if len(bad) else place
        ended: Mask = run == self.n
        return ended

    def worst_held(self) -> Codes:
        """Return the worst band that any of the last n readings holds.

        It may reach back before an episode began; what it finds there changes nothing, since the
        reading that began it holds its band until n readings later.
        """
        worst = self.held.copy()
        for step in range(1, min(self.n, len(worst))):
            worst[step:] = np.minimum(worst[step:], self.held[:-step])
        return worst


def _found(rule: Rule, rows: _Rows, fires: Ints, begins: Mask, ends: Ints) -> Found:
    columns, first = rows.columns, np.flatnonzero(begins)
    start, last = fires[begins], fires[np.append(first[1:], len(fires)) - 1]
    after = _ends_of_patients(columns)[start]
    end = np.append(ends, len(columns))[np.searchsorted(ends, last, side="right")]
    closed = end < after
    evidence = _evidence(rule, rows, fires, np.cumsum(begins) - 1)
    timely = np.where(evidence.late, NONE, evidence.severity).astype(np.int8)
    return Found(
        rule=rule,
        patient=columns.patient[start],
        since=columns.at[start],
        high=columns.high[start],
        low=columns.low[start],
        severity=_severity(rows, start, np.where(closed, end, after) - 1),
        peak=_least(evidence.severity, first),
        timely=_least(timely, first),
        readings=np.diff(np.append(first, len(fires))),
        closed_at=np.where(closed, columns.at[np.where(closed, end, 0)], OPEN),
        evidence=evidence,
    )


def _evidence(rule: Rule, rows: _Rows, fires: Ints, episode: Ints) -> Evidences:
    columns, severity = rows.columns, rows.fired[fires]
    limits = np.where(
        severity == 1, rule.freshness.p1 // _MICROSECOND, rule.freshness.other // _MICROSECOND
    )
    delay = columns.delay[fires]
    at = columns.at[fires]
    return Evidences(
        episode=episode.astype(np.int64),
        at=at,
        seen=at + delay,
        severity=severity,
        late=delay > limits,
    )


def _severity(rows: _Rows, start: Ints, at: Ints) -> Codes:
    """Return the severity of each episode as of a row."""
    held, began = rows.worst_held(), np.zeros(len(rows.fired), np.bool_)
    began[start] = True
    goes_by_held = ~rows.columns.questionable | began
    severity = np.ones(len(at), np.int8)
    for band in (2, 3, 4):
        reset = rows.fired < band
        turned = (began | (goes_by_held & (held >= band))) & ~reset
        severity += _last(turned, at) > _last(reset, at)
    return severity


def _last(where: Mask, at: Ints) -> Ints:
    """Return the last place at or before each row, -1 where there is none."""
    places = np.flatnonzero(where)
    return np.concatenate(([-1], places))[np.searchsorted(places, at, side="right")]


def _changes(values: Any) -> Mask:
    changes = np.ones(len(values), np.bool_)
    changes[1:] = values[1:] != values[:-1]
    return changes


def _ends_of_patients(columns: Columns) -> Ints:
    """Return for each row where the rows of its patient end."""
    starts = _changes(columns.patient)
    ends: Ints = np.append(np.flatnonzero(starts)[1:], len(columns))[np.cumsum(starts) - 1]
    return ends


def _least(values: Codes, starts: Ints) -> Codes:
    least: Codes = np.minimum.reduceat(values, starts)
    return least
