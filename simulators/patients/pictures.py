"""Pictures of the comparison: distribution functions of both on top of each other."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulators.patients.compare import Comparison, Group
from simulators.patients.figures import Numbers, below, changes
from simulators.patients.style import GREY, INK, ORANGE, drawing, save

POINTS: Final = 160
# Where clinicians look.
LINES: Final = {"systolic": (140,), "diastolic": (90,), "glucose": (70, 180), "SpO2": (92,)}


def draw(comparison: Comparison, path: Path) -> None:
    """Write one picture with a panel for each measure, and one for what a day changes."""
    panels: list[tuple[str, str, Numbers, Numbers]] = [
        (one.name, one.unit, one.recorded.pooled, one.simulated.pooled) for one in comparison.groups
    ]
    if comparison.key == "weight":
        # The weights of six people say nothing; how they change does.
        (one,) = comparison.groups
        name = "change from one day to the next"
        panels = [(name, one.unit, changes(one.recorded), changes(one.simulated))]
    with drawing():
        extra = comparison.key == "glucose"
        columns = len(panels) + extra
        figure = Figure(figsize=(3.6 * columns + 0.4 * (columns == 1), 3.1), layout="constrained")
        axes = [figure.add_subplot(1, columns, n + 1) for n in range(columns)]
        for panel, (name, unit, recorded, simulated) in zip(axes, panels, strict=False):
            _distribution(panel, recorded, simulated)
            panel.set_xlabel(f"{name}, {unit}")
            for line in LINES.get(name, ()):
                panel.axvline(line, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
        if extra:
            _day(axes[-1], comparison.groups[0])
        axes[0].set_ylabel("share of values at or below")
        axes[0].legend(loc="lower right", borderaxespad=0.4)
        save(figure, path)


def _distribution(axes: Axes, recorded: Numbers, simulated: Numbers) -> None:
    both = np.concatenate([recorded, simulated])
    low, high = np.percentile(both, [0.2, 99.8])
    margin = 0.03 * (high - low)
    grid = np.linspace(low - margin, high + margin, POINTS)
    axes.plot(grid, below(recorded, grid), color=INK, linewidth=2.4, alpha=0.75, label="recorded")
    axes.plot(grid, below(simulated, grid), color=ORANGE, linewidth=1.4, label="simulated")
    axes.set_ylim(0, 1.02)


def _day(axes: Axes, group: Group) -> None:
    """Draw the mean by time of day."""
    rows: Sequence[tuple[str, float, float]] = [
        (row.name.removeprefix("mean "), row.recorded, row.simulated)
        for row in group.more
        if row.name.startswith("mean ")
    ]
    places = np.arange(len(rows))
    axes.bar(places - 0.19, [row[1] for row in rows], 0.36, color=INK, alpha=0.75)
    axes.bar(places + 0.19, [row[2] for row in rows], 0.36, color=ORANGE)
    axes.set_xticks(places, [row[0].replace(" ", "\n", 1) for row in rows])
    axes.set_ylabel(f"mean, {group.unit}")
    axes.grid(visible=False, axis="x")
