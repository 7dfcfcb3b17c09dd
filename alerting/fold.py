"""Judgements of single readings become episodes: the one fold that all kinds of rules share.

A reading that fires raises the severity at once. The severity follows downwards only when the last
n readings all hold a milder band, and the episode closes when none of them holds any band. So a
reading that neither fires nor is good changes nothing.

A questionable reading may open and raise, since it may be true; it never lowers or closes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from alerting.model import (
    Carried,
    Episode,
    Evidence,
    Fact,
    Observation,
    Rule,
    Severity,
    State,
    milder,
    worst,
)
from alerting.words import SILENT, Said
from device_profiles.reading import Validity


@dataclass(frozen=True, slots=True)
class Judged:
    """An observation with the band that it fires and the band that it still holds.

    `reason` says why it fires, and is only looked at where it does.
    """

    observation: Observation
    fired: Severity | None
    held: Severity | None
    reason: Said = SILENT
    facts: tuple[Fact, ...] = ()
    basis: tuple[UUID, ...] = ()

    @property
    def order(self) -> tuple[datetime, UUID, str, str, int]:
        """Sort by time; of one reading's several values the worst comes first."""
        o = self.observation
        return (o.measured_at, o.reading_id, self.fired or "P9", self.held or "P9", o.ordinal)


@dataclass(frozen=True, slots=True)
class _Running:
    """The fold's state while an episode is open; `last` are its last n readings that count."""

    episode: Episode
    last: tuple[Judged, ...]


def fold(
    rule: Rule, judged: Iterable[Judged], carried: Carried | None, again: Sequence[Judged]
) -> tuple[Episode, ...]:
    """Return the episodes in which the rule held, oldest first; only the last may be open.

    `again` are the judgements of what was carried over.
    """
    done: list[Episode] = []
    running = _carry(rule, carried, again)
    for each in one_per_reading(judged):
        running = _next(rule, running, each) if running else _start(rule, each)
        if running and running.episode.state is State.CLOSED:
            done.append(running.episode)
            running = None
    return (*done, running.episode) if running else tuple(done)


def one_per_reading(judged: Iterable[Judged]) -> list[Judged]:
    """Return them in order of measurement, of each reading the worst."""
    given = list(judged)
    if _is_in_order(given):
        return given
    ordered = sorted(given, key=lambda each: each.order)
    first = {each.observation.reading_id: each for each in reversed(ordered)}
    return [each for each in ordered if first[each.observation.reading_id] is each]


def _is_in_order(judged: Sequence[Judged]) -> bool:
    """Tell whether each is of a later time than the one before: so it is nearly always."""
    times = [each.observation.measured_at for each in judged]
    return all(before < after for before, after in pairwise(times))


def _evidence(rule: Rule, judged: Judged, severity: Severity) -> Evidence:
    return Evidence(
        observation=judged.observation,
        severity=severity,
        reason=judged.reason,
        late=rule.freshness.late(judged.observation, severity),
        facts=judged.facts,
        basis=judged.basis,
    )


def _start(rule: Rule, judged: Judged) -> _Running | None:
    if judged.fired is None:
        return None
    evidence = _evidence(rule, judged, judged.fired)
    episode = Episode(rule=rule, severity=judged.fired, peak=judged.fired, evidence=(evidence,))
    return _Running(episode, (judged,))


def _carry(rule: Rule, carried: Carried | None, again: Sequence[Judged]) -> _Running | None:
    """Go on with an episode as it was; not where the rule in force no longer holds for it.

    It takes n good readings from here to lower or close it, as if one had just held it.
    """
    evidence = tuple(_evidence(rule, each, each.fired) for each in again if each.fired)
    peak = worst(each.severity for each in evidence)
    if carried is None or peak is None:
        return None
    severity = milder(carried.severity, peak) or peak
    episode = Episode(
        rule=rule, severity=severity, peak=peak, evidence=evidence, earlier=carried.earlier
    )
    return _Running(episode, (replace(again[-1], held=severity),))


def _next(rule: Rule, running: _Running, judged: Judged) -> _Running:
    """Take one more reading into an open episode."""
    questionable = judged.observation.validity is Validity.QUESTIONABLE
    if questionable and judged.fired is None:
        return running
    last = (*running.last, judged)[-rule.clear_after :]
    old = running.episode
    held = old.severity if questionable else milder(old.severity, worst(j.held for j in last))
    severity = worst((judged.fired, held))
    if severity is None:
        return _Running(_closed(old, last), last)
    fired = (_evidence(rule, judged, judged.fired),) if judged.fired else ()
    episode = old.model_copy(
        update={
            "severity": severity,
            "peak": worst((old.peak, severity)),
            "evidence": old.evidence + fired,
        }
    )
    return replace(running, episode=episode, last=last)


def _closed(episode: Episode, last: tuple[Judged, ...]) -> Episode:
    good = tuple(judged.observation for judged in last)
    return episode.model_copy(
        update={"state": State.CLOSED, "closed_at": good[-1].measured_at, "cleared_by": good}
    )
