"""The measurements of a patient as rows: CSV, JSON, and a summary to read."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from statistics import fmean, stdev
from typing import Any, Final, TextIO

from simulators.sample import Sample
from simulators.vitals.setbacks import Setback

COLUMNS: Final = ("subject", "at", "kind", "name", "value", "unit", "note")


def rows(samples: Sequence[Sample]) -> Iterator[tuple[str, ...]]:
    """Return one row for each number, oldest first; `at` is local time without a zone."""
    for one in samples:
        for name, amount in one.values.items():
            at = one.at.isoformat(timespec="minutes")
            yield one.subject, at, one.kind, name, str(amount.number), amount.unit, one.note


def write_csv(samples: Sequence[Sample], to: TextIO) -> None:
    """Write the rows under their names."""
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows(samples))


def as_json(samples: Sequence[Sample], setbacks: Sequence[Setback]) -> str:
    """Return measurements and setbacks; numbers are strings, because they are decimal."""
    measured: list[dict[str, Any]] = [dict(zip(COLUMNS, row, strict=True)) for row in rows(samples)]
    wrong = [
        {"kind": one.kind, "onset_day": round(one.onset, 2), "end_day": round(one.end, 2)}
        for one in setbacks
    ]
    return json.dumps({"setbacks": wrong, "measurements": measured}, indent=1)


def summary(samples: Sequence[Sample], setbacks: Sequence[Setback]) -> Iterator[str]:
    """Return lines to read."""
    found: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for one in samples:
        for name, amount in one.values.items():
            if isinstance(amount.number, Decimal):
                found[one.kind, name, amount.unit].append(float(amount.number))
    yield f"{'':<15}{'':<13}{'':<9}{'n':>5}{'mean':>8}{'SD':>7}{'least':>8}{'most':>8}"
    for (kind, name, unit), values in sorted(found.items()):
        spread = stdev(values) if len(values) > 1 else 0.0
        yield (
            f"{kind:<15}{name:<13}{unit:<9}{len(values):>5}{fmean(values):>8.1f}{spread:>7.1f}"
            f"{min(values):>8g}{max(values):>8g}"
        )
    for setback in setbacks:
        yield f"{setback.kind}: day {setback.onset:.1f} to {setback.end:.1f}"
