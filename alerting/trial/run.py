"""Runs tests of rules: the live evaluator judges what is given, and its alerts are compared."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alerting.errors import PackError
from alerting.findings import explain
from alerting.lines import Document
from alerting.model import Observation, Rule, State
from alerting.packs.loader import load_pack
from alerting.pipeline import decide
from alerting.pipeline.decisions import Open
from alerting.pipeline.evaluate import Evaluate
from alerting.trial.file import Expected, Given, Timed, Trial, TrialBroken, Trials, decimal, load
from alerting.trial.notation import points, spoken
from device_profiles.reading import Absent

_READINGS: Final = UUID("0f7b1f6e-52a1-4b8e-8f39-3a2b6e0b7c55")
_AT_ONCE: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Alert:
    """What opened, as a test tells of it; times are those after the start."""

    rule: str
    at: timedelta
    severity: str
    now: str
    closed: timedelta | None
    readings: int
    sentence: str

    def __str__(self) -> str:
        end = f"closed at {spoken(self.closed)}" if self.closed is not None else "going on"
        return (
            f"{self.rule} at {spoken(self.at)}, {self.severity} (now {self.now}), "
            f"{self.readings} readings, {end}: {self.sentence}"
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test: its name, where it stands, and what is not as expected; each with its line."""

    path: Path
    name: str
    line: int
    failures: tuple[str, ...]


def run_file(path: Path) -> list[Outcome]:
    """Run all tests of a file. Raises TrialBroken where it or its pack cannot be used."""
    trials, document = load(path)
    rules, zone = _pack(path, trials, document), _zone(path, trials, document)
    return [
        _run(path, trials, number, rules, zone, document) for number in range(len(trials.tests))
    ]


def _pack(path: Path, trials: Trials, document: Document) -> Mapping[str, Rule]:
    try:
        rules = {rule.key: rule for rule in load_pack(path.parent / trials.pack)}
    except PackError as error:
        raise TrialBroken(f"{path}:{document.line(['pack'])}: {error}") from None
    for number, test in enumerate(trials.tests):
        named = [("rules", n, key) for n, key in enumerate(test.rules or ())]
        named += [("alerts", n, each.rule) for n, each in enumerate(test.alerts)]
        for field, n, key in named:
            if key not in rules:
                line = document.line(["tests", number, field, n, "rule"])
                raise TrialBroken(f"{path}:{line}: no rule {key!r} in {trials.pack}")
    return rules


def _zone(path: Path, trials: Trials, document: Document) -> ZoneInfo:
    try:
        return ZoneInfo(trials.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        line = document.line(["zone"])
        raise TrialBroken(f"{path}:{line}: no time zone {trials.zone!r}") from None


def _run(
    path: Path,
    trials: Trials,
    number: int,
    rules: Mapping[str, Rule],
    zone: ZoneInfo,
    document: Document,
) -> Outcome:
    test = trials.tests[number]
    chosen = [rule for key, rule in rules.items() if test.rules is None or key in test.rules]
    found = alerts(
        chosen, observations(test, test.interval or trials.interval, zone), test.start, zone
    )
    failures = [
        f"{path}:{document.line(['tests', number, *where])}: {text}"
        for where, text in _compare(test.alerts, found)
    ]
    return Outcome(path, test.name, document.line(["tests", number]), tuple(failures))


def observations(test: Trial, interval: timedelta, zone: ZoneInfo) -> list[Observation]:
    """Return what is measured in a test. Values of one moment in one series are one reading."""
    seen = []
    for number, given in enumerate(test.series):
        for ordinal, timed in enumerate(_timed(given, interval)):
            at = test.start + timed.at
            after = timed.received_after or given.received_after or _AT_ONCE
            absent = Absent(timed.value) if decimal(timed.value) is None else None
            seen.append(
                Observation(
                    reading_id=uuid5(_READINGS, f"{number}/{at.isoformat()}"),
                    measured_at=at,
                    received_at=at + after,
                    stored_at=at + after,
                    component=given.component,
                    unit=given.unit,
                    validity=timed.validity,
                    number=decimal(timed.value),
                    absent=absent,
                    ordinal=ordinal,
                    flags=frozenset((*given.flags, *timed.flags)),
                    utc_offset=at.astimezone(zone).utcoffset() or timedelta(0),
                )
            )
    return seen


def _timed(given: Given, interval: timedelta) -> Iterator[Timed]:
    if given.values is None:
        yield from given.readings
        return
    step, first = given.interval or interval, given.first or timedelta(0)
    for n, point in enumerate(points(given.values)):
        if point is not None:
            yield Timed(at=first + n * step, value=point[0], validity=point[1])


def alerts(
    rules: Sequence[Rule], chart: Sequence[Observation], start: datetime, zone: ZoneInfo
) -> list[Alert]:
    """Return the alerts that the live evaluator and pipeline open, by time and rule."""
    news = frozenset(each.reading_id for each in chart)
    episodes = Evaluate(rules)(chart, start)
    opened = decide(rules, episodes, [], news, start)
    found = [_alert(each, start, zone) for each in opened if isinstance(each, Open)]
    return sorted(found, key=lambda alert: (alert.at, alert.rule))


def _alert(opened: Open, start: datetime, zone: ZoneInfo) -> Alert:
    episode = opened.episodes[-1]
    closed = episode.closed_at if episode.state is State.CLOSED else None
    return Alert(
        rule=episode.rule.key,
        at=episode.opened_by.observation.measured_at - start,
        severity=opened.peak,
        now=opened.severity,
        closed=closed - start if closed else None,
        readings=len(episode.evidence),
        sentence=explain(opened.episodes, zone).sentence,
    )


def _compare(
    expected: Sequence[Expected], found: Sequence[Alert]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    left = list(found)
    for number, wanted in enumerate(expected):
        alike = [a for a in left if (a.rule, a.at) == (wanted.rule, wanted.at)]
        if not alike:
            near = next((a for a in left if a.rule == wanted.rule), None)
            text = f"no alert of {wanted.rule} at {spoken(wanted.at)}"
            yield ("alerts", number), f"{text}; there is {near}" if near else text
            continue
        left.remove(alike[0])
        for field, reason in _differences(wanted, alike[0]):
            yield ("alerts", number, field), reason
    for alert in left:
        yield ("alerts",), f"an alert that is not expected: {alert}"


def _differences(wanted: Expected, got: Alert) -> Iterator[tuple[str, str]]:
    for field in ("severity", "now", "readings"):
        want, have = getattr(wanted, field), getattr(got, field)
        if want is not None and want != have:
            yield field, f"{field} is {have}, expected {want}"
    if wanted.closed is not None and (wanted.closed or None) != got.closed:
        have = "goes on" if got.closed is None else f"closed at {spoken(got.closed)}"
        want = "that it goes on" if not wanted.closed else f"closed at {spoken(wanted.closed)}"
        yield "closed", f"it {have}, expected {want}"
    if wanted.sentence is not None and not re.search(wanted.sentence, got.sentence):
        yield "sentence", f"the sentence is {got.sentence!r}, expected {wanted.sentence!r}"
