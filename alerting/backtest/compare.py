"""Two back-tests beside each other, and beside what people found in their tasks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from alerting.backtest.found import OPEN, Found
from alerting.backtest.run import Result
from alerting.columns import Ints
from alerting.model import Direction, Rule

_NEVER: Final = 2**62


@dataclass(frozen=True, slots=True)
class Difference:
    """Alerts of one rule: begun by the same reading in both, in one only, and which got worse."""

    rule: str
    same: int
    only_now: int
    only_then: int
    raised: int
    lowered: int


def differences(now: Result, then: Result) -> tuple[Difference, ...]:
    """Compare rules of the same key: `now` is in force, `then` would be."""
    mine = {found.rule.key: found for found in now.found}
    new = {found.rule.key: found for found in then.found}
    keys = dict.fromkeys([*mine, *new])
    return tuple(_difference(key, mine.get(key), new.get(key)) for key in keys)


def _difference(key: str, now: Found | None, then: Found | None) -> Difference:
    old, new = dict(_peaks(now)), dict(_peaks(then))
    both = old.keys() & new.keys()
    return Difference(
        rule=key,
        same=len(both),
        only_now=len(old.keys() - both),
        only_then=len(new.keys() - both),
        raised=sum(new[each] < old[each] for each in both),
        lowered=sum(new[each] > old[each] for each in both),
    )


def _peaks(found: Found | None) -> Iterator[tuple[tuple[int, int, int, int], int]]:
    if found is not None:
        rows = np.flatnonzero(found.opens)
        columns = (found.patient, found.since, found.high, found.low, found.timely)
        for *alert, peak in zip(*(each[rows].tolist() for each in columns), strict=True):
            yield (alert[0], alert[1], alert[2], alert[3]), peak


@dataclass(frozen=True, slots=True)
class Past:
    """A task that people closed: whose, by which rule, how long its alert held, what they said."""

    patient: str
    rule: str
    direction: Direction
    since: int
    until: int | None
    actionable: bool


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Of past tasks where there was something to do, and where not: those opened here too.

    `unknown` are alerts here that no closed task tells of.
    """

    rule: str
    actionable: int
    actionable_found: int
    not_actionable: int
    not_actionable_found: int
    unknown: int


def outcomes(result: Result, past: Sequence[Past]) -> tuple[Outcomes, ...]:
    """Compare each rule with the past tasks of its key and direction."""
    number = {name: n for n, name in enumerate(result.series.patients)}
    known = [each for each in past if each.patient in number]
    return tuple(
        _outcomes(found, [(number[e.patient], e) for e in known if _of(found.rule, e)])
        for found in result.found
    )


def _of(rule: Rule, past: Past) -> bool:
    return (rule.key, rule.direction) == (past.rule, past.direction)


def _outcomes(found: Found, past: Iterable[tuple[int, Past]]) -> Outcomes:
    rows, ends = np.flatnonzero(found.opens), _ends(found)
    mine: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for row in rows.tolist():
        mine[int(found.patient[row])].append((int(found.since[row]), int(ends[row]), row))
    counted = {True: [0, 0], False: [0, 0]}
    told: set[int] = set()
    for patient, each in past:
        until = _NEVER if each.until is None else each.until
        meets = [row for since, end, row in mine[patient] if since <= until and end >= each.since]
        counted[each.actionable][0] += 1
        counted[each.actionable][1] += bool(meets)
        told.update(meets)
    (yes, yes_found), (no, no_found) = counted[True], counted[False]
    return Outcomes(found.rule.key, yes, yes_found, no, no_found, len(rows) - len(told))


def _ends(found: Found) -> Ints:
    ends: Ints = np.where(found.closed_at == OPEN, _NEVER, found.closed_at)
    return ends
