"""docs/alert-burden.md: the packs that ship beside a naive one, on the same measurements."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from alerting.backtest.figures import figures
from alerting.backtest.found import Found
from alerting.backtest.run import InForce, Result, run
from alerting.backtest.series import Series, collect
from alerting.backtest.work import DEFAULT
from alerting.columns import Ints, micros
from alerting.packs.loader import load_pack, load_packs
from alerting.packs.replacing import without_replaced
from gateway.errors import WrongInput
from gateway.rules.files import read_files
from gateway.storage.rules import Scope

NAIVE: Final = Path(__file__).parent / "naive.yaml"
EVENTS: Final = "events"
BUSIEST: Final = 3
_DAY: Final = 86_400_000_000
# What goes wrong may show until the day after.
_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Event:
    """What went wrong with a virtual patient, and when (microseconds)."""

    patient: str
    kind: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Compared:
    """One file: who measured how much, and what both packs make of it."""

    name: str
    people: int
    patient_days: int
    readings: int
    naive: int
    firing: int
    alerts: int
    tasks: int
    urgent: int
    minutes: float
    naive_minutes: float
    busiest: Sequence[tuple[str, str, int, int]]
    """Of the rules with most tasks: key, kind, alerts and tasks."""
    events: Mapping[str, tuple[int, int, int]]
    """By kind of event: how many, met by the naive pack, met by ours."""


def compare(folder: Path) -> list[Compared]:
    """Compare both packs on every file of a folder. Raises WrongInput."""
    paths = sorted(folder.glob("*.csv"))
    if not paths:
        raise WrongInput(f"No series (*.csv) in {folder}; `hearthline-sim series` makes some.")
    return [_compare(path) for path in paths]


# Whom the data are of, and so the programme that they would be in.
PROGRAMMES: Final = {
    "uci-diabetes": "diabetes",
    "virtual-copd": "copd",
    "virtual-diabetes": "diabetes",
    "virtual-heart-failure": "heart_failure",
    "virtual-hypertension": "hypertension",
}


def _compare(path: Path) -> Compared:
    series = collect(read_files(path))
    naive = run(series, [InForce(rule) for rule in load_pack(NAIVE)])
    packs = frozenset({PROGRAMMES[path.stem]} if path.stem in PROGRAMMES else ())
    rules = without_replaced(Scope(packs).rules(load_packs().values()))
    ours = run(series, [InForce(rule) for rule in rules])
    told, every = figures(ours, DEFAULT), _firing(naive)
    events = _events(path.parent / EVENTS / path.name)
    return Compared(
        name=path.stem,
        people=len(series.patients),
        patient_days=_patient_days(series),
        readings=_readings(series),
        naive=len(every),
        firing=len(_firing(ours)),
        alerts=told.alerts,
        tasks=told.tasks,
        urgent=sum(each.priorities[0] for each in told.rules),
        minutes=told.minutes,
        naive_minutes=len(every) * DEFAULT.minutes[2],
        busiest=[
            (each.rule, each.kind, each.alerts, each.tasks)
            for each in sorted(told.rules, key=lambda each: -each.tasks)[:BUSIEST]
            if each.tasks
        ],
        events={
            kind: _met(kind, events, series, naive, ours)
            for kind in dict.fromkeys(e.kind for e in events)
        },
    )


def _patient_days(series: Series) -> int:
    """Count the days on which somebody measured anything."""
    days = [
        np.stack([columns.patient.astype(np.int64), columns.at // _DAY], axis=1)
        for columns in series.components.values()
    ]
    return len(np.unique(np.concatenate(days), axis=0))


def _readings(series: Series) -> int:
    every = [
        np.stack([columns.high, columns.low], axis=1) for columns in series.components.values()
    ]
    return len(np.unique(np.concatenate(every), axis=0))


def _firing(result: Result) -> Ints:
    """Return patient and moment of each reading for which some rule holds: each counts once."""
    pairs = [
        np.stack([_who(found).astype(np.int64), found.evidence.at], axis=1)
        for found in result.found
    ]
    every: Ints = np.unique(np.concatenate(pairs), axis=0)
    return every


def _who(found: Found) -> Ints:
    who: Ints = found.patient[found.evidence.episode].astype(np.int64)
    return who


def _events(path: Path) -> list[Event]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Event(row["subject"], row["kind"], _micros(row["from"]), _micros(row["to"]))
            for row in csv.DictReader(file)
        ]


def _micros(text: str) -> int:
    return micros(datetime.fromisoformat(text).replace(tzinfo=UTC))


def _met(
    kind: str, events: Sequence[Event], series: Series, naive: Result, ours: Result
) -> tuple[int, int, int]:
    """Count events of a kind: those in the time of measurements, met by one pack and the other."""
    number = {name: n for n, name in enumerate(series.patients)}
    after = _AFTER // timedelta(microseconds=1)
    mine = [e for e in events if e.kind == kind and e.patient in number and e.begin < series.end]

    def met(firing: Ints) -> int:
        return sum(
            bool(
                np.any(
                    (firing[:, 0] == number[e.patient])
                    & (firing[:, 1] >= e.begin)
                    & (firing[:, 1] <= e.end + after)
                )
            )
            for e in mine
        )

    return len(mine), met(_firing(naive)), met(_firing(ours))


INTRODUCTION: Final = """\
# Alert burden

Written by `make burden`; change `gateway/rules/burden.py`, not this file.

The packs that ship beside a naive one on the same measurements:
{packs}.
Everybody has the packs for everybody; people with COPD, diabetes, heart failure or hypertension are
in the programme for it and have its pack too, as the project's defaults leave it. The naive pack
([naive.yaml](../gateway/rules/naive.yaml)) holds the textbook's normal ranges: every reading out of
range is one alert and one task, whatever came before. Ours makes one alert of an episode (fire and
clear limits apart, two good readings to end it), and one task of what comes while a task is open.
There are more tasks than alerts where an episode goes on after its task was closed: somebody with
heart failure whose saturation is always below 94 % gives a task after the other, until they have a
target of their own (an override). As in the live worklist an answered alert that goes on and is no
worse rests, for 4 hours (P2) or a day (P3, P4); rules over days (a week's average, a share of two
weeks), which hold until those days are over whatever was done, for a week (`ask_again` in
[the kinds of rules](rules.md#asked-again-ask_again)). P1 never rests.

For scale: a hypertension programme of 174 patients had 0.57 alerts per measurement, and 0.10
handled by hand per patient-day (JMIR Med Inform 2025;13:e66066).

What these figures are not: nobody closed these tasks. Each is taken to be answered when it is due
(P1 30 minutes, P2 4 hours, P3 24 hours, P4 72 hours), never to end with nobody reached, and its
rest begins then. That a worse alert's task answers for a milder one is left out. A task takes 20,
15, 10 and 5 minutes by priority, a naive one 15, and one that ends by itself none. All of that is
our judgement. A patient-day is a day on which somebody measured. A cuff's pressures and pulse are
one reading, and one naive alert at most. Whether fewer tasks are better tasks, only the share of
them with something to do can tell: `hearthline-gateway rules quality`.
"""

RECORDINGS: Final = """
Recordings: bp-preg is a day clinic (a pressure every 30 minutes); uci-diabetes are finger-stick
values of insulin-treated people; weight-krone are people without heart failure, so that every alert
is a false one; bidmc-numerics are 8 minutes of intensive care at 1 Hz, no home at all: there an
episode is worth most. The readers in `simulators/recordings` name sources and credits. Virtual
patients are described in [virtual-patients.md](virtual-patients.md).
"""


def page(compared: Sequence[Compared], packs: Sequence[str]) -> str:
    """Return the page."""
    parts = [INTRODUCTION.format(packs=", ".join(packs)), *_counts(compared), *_per_day(compared)]
    parts += [RECORDINGS, *_busiest(compared), *_met_table(compared)]
    return "\n".join(parts).rstrip() + "\n"


def _counts(compared: Sequence[Compared]) -> list[str]:
    head = "people | patient-days | readings | naive alerts = tasks | readings that fire | alerts"
    rows = [
        (
            c.name,
            c.people,
            c.patient_days,
            c.readings,
            c.naive,
            c.firing,
            c.alerts,
            c.tasks,
            c.urgent,
        )
        for c in compared
    ]
    return ["## Counts\n", *_table(f"data | {head} (episodes) | tasks | of them P1", rows), ""]


def _per_day(compared: Sequence[Compared]) -> list[str]:
    rows = []
    for c in compared:
        days = max(1, c.patient_days)
        times = f"{c.naive / c.tasks:.1f}" if c.tasks else "-"
        rows.append(
            (
                c.name,
                f"{c.naive / max(1, c.readings):.3f}",
                f"{c.alerts / max(1, c.readings):.3f}",
                f"{c.naive / days:.3f}",
                f"{c.alerts / days:.3f}",
                f"{c.tasks / days:.3f}",
                times,
                f"{c.naive_minutes / days:.2f}",
                f"{c.minutes / days:.2f}",
            )
        )
    head = "data | naive alerts per reading | alerts per reading | naive tasks per patient-day"
    head += " | alerts per patient-day | tasks per patient-day | naive tasks to ours"
    head += " | naive minutes per patient-day | minutes per patient-day"
    return ["## By reading and patient-day\n", *_table(head, rows)]


def _busiest(compared: Sequence[Compared]) -> list[str]:
    rows = [(c.name, *each) for c in compared for each in c.busiest]
    return [
        "## The rules with most tasks\n",
        *_table("data | rule | kind | alerts | tasks", rows),
        "",
    ]


def _met_table(compared: Sequence[Compared]) -> list[str]:
    rows = [
        (c.name, kind, count, naive, ours)
        for c in compared
        for kind, (count, naive, ours) in c.events.items()
    ]
    if not rows:
        return []
    text = (
        "## What went wrong, and was met\n\n"
        "When virtual patients have setbacks is known. Met: any rule fires from its beginning\n"
        "to a day after its end. What always fires meets everything: read it beside the burden.\n"
        "People who did not measure in that time are among those not met.\n"
    )
    return [text, *_table("data | setback | how many | met by naive | met by ours", rows)]


def _table(head: str, rows: Sequence[Sequence[object]]) -> list[str]:
    names = [name.strip() for name in head.split("|")]
    line = "|".join("---" if n < 1 else "---:" for n in range(len(names)))
    told = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return [f"| {' | '.join(names)} |", f"|{line}|", *told]
