"""Runs rules over histories: all patients at once where their kind can, else one by one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from alerting.backtest.fold import fold
from alerting.backtest.found import Found, joined, of_episodes
from alerting.backtest.series import Series
from alerting.columns import Mask, moment
from alerting.model import Episode, OneComponent, Rule
from alerting.rules import kinds

Progress = Callable[[str, int], None]


def silent(_rule: str, _done: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A rule as it holds for some patients, by their numbers; None for all others."""

    rule: Rule
    patients: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What each rule found; `stepwise` are the keys of those that went one by one."""

    series: Series
    found: Sequence[Found]
    stepwise: frozenset[str]


def run(
    series: Series, rules: Sequence[InForce], progress: Progress = silent, *, steps: bool = False
) -> Result:
    """Judge all from the series' begin on. `steps`: by the live evaluator only, one by one."""
    found: dict[str, Found] = {}
    stepwise: set[str] = set()
    own = _own(rules)
    for each in rules:
        left_out = own.get(each.rule.key, frozenset()) if each.patients is None else None
        parts, stepped = _run(series, each, left_out, progress, steps)
        if stepped:
            stepwise.add(each.rule.key)
        before = [found[each.rule.key]] if each.rule.key in found else []
        found[each.rule.key] = joined(each.rule if not before else before[0].rule, before + parts)
    return Result(series, tuple(found.values()), frozenset(stepwise))


def _own(rules: Sequence[InForce]) -> dict[str, frozenset[int]]:
    """Return by rule who has limits of their own."""
    own: dict[str, frozenset[int]] = {}
    for each in rules:
        if each.patients is not None:
            own[each.rule.key] = own.get(each.rule.key, frozenset()) | each.patients
    return own


def _run(
    series: Series,
    each: InForce,
    left_out: frozenset[int] | None,
    progress: Progress,
    steps: bool,
) -> tuple[list[Found], bool]:
    rule, kind = each.rule, kinds()[each.rule.kind]
    if steps or kind.vector is None or not isinstance(rule, OneComponent):
        wanted = _wanted(len(series.patients), each.patients, left_out)
        there = any(name in series.components for name in rule.components)
        return [_step(series, rule, wanted, progress)], there
    parts = []
    columns = series.components.get(rule.component)
    if columns is not None:
        wanted = _wanted(len(series.patients), each.patients, left_out)
        rows = wanted[columns.patient]
        chosen = columns if rows.all() else columns.chosen(rows)
        judged = kind.vector(rule, chosen)
        # What was measured before is only looked back on.
        now = replace(judged, known=judged.known & (chosen.at >= series.begin))
        parts.append(fold(rule, chosen, now))
    apart = np.zeros(len(series.patients), np.bool_)
    apart[[patient for name, patient in series.apart if name == rule.component]] = True
    apart &= _wanted(len(series.patients), each.patients, left_out)
    return [*parts, _step(series, rule, apart, progress)], False


def _wanted(count: int, only: frozenset[int] | None, left_out: frozenset[int] | None) -> Mask:
    wanted = np.full(count, only is None, np.bool_)
    wanted[list(only or ())] = True
    wanted[list(left_out or ())] = False
    return wanted


def _step(series: Series, rule: Rule, wanted: NDArray[np.bool_], progress: Progress) -> Found:
    """Let the live evaluator judge one patient after the other."""
    patients: list[int] = []
    found: list[tuple[Episode, ...]] = []
    since = moment(series.begin)
    for done, (patient, seen) in enumerate(series.people(rule.components, wanted), start=1):
        patients.append(patient)
        found.append(kinds()[rule.kind].episodes(rule, seen, since))
        if done % EVERY == 0:
            progress(rule.key, done)
    return of_episodes(rule, patients, found)


# How often to tell how far it is.
EVERY: Final = 50
