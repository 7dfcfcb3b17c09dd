"""A patient's charts as numbers: points or buckets, limits, what is usual, alerts and notes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import fmean
from typing import Any, Final, Literal

from alerting.bands import Banded
from alerting.model import Direction, Rule
from alerting.units import convert, preferred, written
from gateway.storage.alert_list import AlertRow
from gateway.storage.notes import NoteRow
from gateway.storage.patient_page import Bucket, Usual
from gateway.storage.readings import Point
from gateway.web.limits import SIGNS
from gateway.web.vitals import Vital

# Limits of these are of the values themselves; of others they are of changes, means or slopes.
OF_VALUES: Final = frozenset({"threshold", "sustained"})
Number = float | None


@dataclass(frozen=True, slots=True)
class Around:
    """What stands on every chart."""

    rules: Sequence[Rule]
    usual: Sequence[Usual]
    alerts: Sequence[AlertRow]
    notes: Sequence[NoteRow]
    units: Mapping[str, str]


def chart(vital: Vital, rows: Sequence[Point] | Sequence[Bucket], around: Around) -> dict[str, Any]:
    """Return one chart: columns over one axis of times, in one unit."""
    mine = [row for row in rows if row.name in vital.names]
    unit = _unit(mine, around.units)
    names = [name for name in vital.names if any(row.name == name for row in mine)]
    moments = sorted({at(row) for row in mine})
    return {
        "key": vital.key,
        "unit": written(unit),
        "x": moments,
        "series": [_series(name, mine, moments, unit) for name in names],
        "limits": list(_limits(names, around.rules, unit)),
        "usual": [
            {"name": one.name, "value": _in(one.value, one.unit, unit), "days": one.days}
            for one in around.usual
            if one.name in names
        ],
    }


def alerts(rows: Iterable[AlertRow], rules: Mapping[str, Rule]) -> list[dict[str, Any]]:
    """Return alerts with the values that they are about; a hidden rule's name says nothing."""
    return [
        {
            "since": row.since.timestamp(),
            "until": row.until.timestamp() if row.until else None,
            "severity": row.peak_severity,
            "of": list(rules[row.rule_key].components) if row.rule_key in rules else [],
            "said": row.sentence,
            "task": str(row.task_id) if row.task_id else None,
        }
        for row in rows
    ]


def notes(rows: Iterable[NoteRow]) -> list[dict[str, Any]]:
    """Return notes at their moments."""
    return [
        {"at": row.about.timestamp(), "text": row.text, "author": row.author}
        for row in rows
        if not row.corrected
    ]


def _series(
    name: str, rows: Iterable[Point | Bucket], moments: Sequence[float], unit: str
) -> dict[str, Any]:
    """Return the columns of one value; of days, weeks and months three, and of how many."""
    mine = [row for row in rows if row.name == name]
    buckets = [row for row in mine if isinstance(row, Bucket)]
    if buckets:
        return {"name": name, **_bars(buckets, moments, unit)}
    found = {at(row): row for row in mine if isinstance(row, Point)}
    points = [found.get(moment) for moment in moments]
    return {
        "name": name,
        "value": [_in(row.number, row.unit, unit) if row else None for row in points],
        "doubtful": [row is not None and row.validity == "questionable" for row in points],
    }


def _bars(rows: Iterable[Bucket], moments: Sequence[float], unit: str) -> dict[str, list[Any]]:
    """Return mean, lowest, highest and how many; of two devices with two units, all together."""
    found: dict[float, list[Bucket]] = defaultdict(list)
    for row in rows:
        if convert(row.mean, row.unit, unit) is not None:
            found[at(row)].append(row)
    every = [found.get(moment, []) for moment in moments]
    return {
        "value": [_mean(of, unit) for of in every],
        "low": [min(_all(of, "lowest", unit), default=None) for of in every],
        "high": [max(_all(of, "highest", unit), default=None) for of in every],
        "counts": [sum(one.readings for one in of) for of in every],
    }


def _mean(rows: Sequence[Bucket], unit: str) -> Number:
    means = _all(rows, "mean", unit)
    if len(means) < 2:
        return next(iter(means), None)
    return round(fmean(means, weights=[one.readings for one in rows]), 2)


def _all(
    rows: Iterable[Bucket], which: Literal["lowest", "highest", "mean"], unit: str
) -> list[float]:
    found = (_in(getattr(one, which), one.unit, unit) for one in rows)
    return [number for number in found if number is not None]


def _limits(names: Sequence[str], rules: Iterable[Rule], unit: str) -> Iterable[dict[str, Any]]:
    """Return the bounds in force, in this unit; the nearest of a severity and side."""
    nearest: dict[tuple[str, str, Direction], dict[str, Any]] = {}
    for rule in rules:
        if (
            not isinstance(rule, Banded)
            or rule.kind not in OF_VALUES
            or rule.component not in names
        ):
            continue
        for severity, table in rule.bands.items():
            own = unit if unit in table else next(iter(table))
            limit = _in(table[own].limit, own, unit)
            place = (rule.component, severity.value, rule.direction)
            worse = rule.direction is Direction.HIGH
            before = nearest.get(place)
            if limit is None or (before and (before["limit"] < limit) == worse):
                continue
            nearest[place] = {
                "name": rule.component,
                "severity": severity.value,
                "high": worse,
                "limit": limit,
                "written": f"{SIGNS[table[own].sign]} {limit:g}",
            }
    return nearest.values()


def _unit(rows: Sequence[Point | Bucket], units: Mapping[str, str]) -> str:
    """Return the organisation's unit for it, else the one that most of it was measured in."""
    known = Counter(row.unit for row in rows)
    most = known.most_common(1)[0][0] if known else ""
    return preferred(most, units) or most


def _in(number: Decimal | None, unit: str, to: str) -> Number:
    if number is None or unit == to:
        return None if number is None else float(number)
    found = convert(number, unit, to)
    return None if found is None else round(float(found), 2)


def at(row: Point | Bucket) -> float:
    """Return when it was, or began."""
    moment: datetime = row.measured_at if isinstance(row, Point) else row.since
    return moment.timestamp()
