"""Recorded beside simulated: rows of figures, whether they agree, and why not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from simulators.patients.figures import (
    PERCENTILES,
    Series,
    between,
    kolmogorov_smirnov,
    lag_1,
    within,
)

# When two figures are said to agree. Our own choice: what a clinician would not notice.
LEVEL_LIMIT: Final = 0.25  # of the recorded standard deviation, for means and percentiles
SPREAD_LIMIT: Final = 0.15  # of the recorded spread
LAG_LIMIT: Final = 0.15
SHARE_LIMIT: Final = 3.0  # percentage points
KS_LIMIT: Final = 0.1


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of both. Without a limit it is told, but not judged."""

    name: str
    both: tuple[float, float]
    limit: float | None = None
    digits: int = 1

    @property
    def recorded(self) -> float:
        """Return the recording's."""
        return self.both[0]

    @property
    def simulated(self) -> float:
        """Return the cohort's."""
        return self.both[1]

    @property
    def agrees(self) -> bool:
        """Say whether the difference is within the limit."""
        return self.limit is None or abs(self.simulated - self.recorded) <= self.limit


@dataclass(frozen=True, slots=True)
class Group:
    """One measure."""

    name: str
    unit: str
    recorded: Series
    simulated: Series
    digits: int = 1
    more: Sequence[Row] = ()

    def rows(self) -> tuple[Row, ...]:
        """Return the figures that every measure has."""
        one, other = self.recorded, self.simulated
        wide = float(np.std(one.pooled, ddof=1))
        levels = [("mean", float(one.pooled.mean()), float(other.pooled.mean()))]
        cuts = zip(
            PERCENTILES,
            np.percentile(one.pooled, PERCENTILES),
            np.percentile(other.pooled, PERCENTILES),
            strict=True,
        )
        levels += [(f"{p}th percentile", float(a), float(b)) for p, a, b in cuts]
        spreads = [
            ("SD", wide, float(np.std(other.pooled, ddof=1))),
            ("SD within a person", within(one), within(other)),
            ("SD of people's means", between(one), between(other)),
        ]
        return (
            Row("values", (len(one.pooled), len(other.pooled)), digits=0),
            Row("people", (len(one.people), len(other.people)), digits=0),
            *(Row(name, (a, b), LEVEL_LIMIT * wide, self.digits) for name, a, b in levels),
            *(Row(name, (a, b), SPREAD_LIMIT * a, self.digits) for name, a, b in spreads),
            Row("autocorrelation, lag 1", (lag_1(one), lag_1(other)), LAG_LIMIT, 2),
        )

    @property
    def distance(self) -> float:
        """Return the Kolmogorov-Smirnov distance."""
        return kolmogorov_smirnov(self.recorded.pooled, self.simulated.pooled)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A recording and the cohort that is made like it."""

    key: str
    title: str
    credit: str
    cohort: str
    fitted: str
    groups: Sequence[Group]
    why: Mapping[str, str] = field(default_factory=dict)
    """Reasons for what differs, by "measure: figure" or by "measure" alone."""

    def reason(self, group: Group, figure: str) -> str:
        """Return why it differs, as far as anybody knows."""
        unknown = "no reason is known, so the model may be wrong here"
        return self.why.get(f"{group.name}: {figure}") or self.why.get(group.name) or unknown

    def agreeing(self) -> Iterator[tuple[str, list[str], int]]:
        """Return for each measure the figures that agree, and of how many."""
        for group in self.groups:
            judged = [row for row in (*group.rows(), *group.more) if row.limit is not None]
            names = [row.name for row in judged if row.agrees]
            if group.distance <= KS_LIMIT:
                names.append("Kolmogorov-Smirnov distance")
            yield group.name, names, len(judged) + 1

    def differing(self) -> Iterator[str]:
        """Return a sentence for each reason, with the figures that differ for it."""
        for group in self.groups:
            by_reason: dict[str, list[str]] = {}
            for row in (*group.rows(), *group.more):
                if not row.agrees:
                    by_reason.setdefault(self.reason(group, row.name), []).append(_figure(row))
            if group.distance > KS_LIMIT:
                name = "Kolmogorov-Smirnov distance"
                by_reason.setdefault(self.reason(group, name), []).append(
                    f"{name} {group.distance:.2f}"
                )
            for reason, figures in by_reason.items():
                yield f"{group.name}: {', '.join(figures)}. {reason[0].upper()}{reason[1:]}."


def told(value: float, digits: int) -> str:
    """Return the number as text, without a minus before nothing."""
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def _figure(row: Row) -> str:
    direction = "above" if row.simulated > row.recorded else "below"
    gap = told(abs(row.simulated - row.recorded), row.digits)
    return f"{row.name} {told(row.simulated, row.digits)} ({gap} {direction} the recording)"
