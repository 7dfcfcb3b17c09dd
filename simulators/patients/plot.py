"""Draws a virtual patient: all vital signs over the days, with what went wrong and what is missing.

The figure is built without pyplot, so no display and no global state is needed.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from simulators.patients.person import Person
from simulators.patients.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    drawing,
    guide,
    save,
)
from simulators.sample import BLOOD_PRESSURE, GLUCOSE, OXYGEN, TEMPERATURE, WEIGHT, Sample
from simulators.vitals.setbacks import Setback

DOT: Final[dict[str, Any]] = {"marker": "o", "markersize": 3.2, "linestyle": "none", "alpha": 0.85}
EPOCH: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - a wall clock
OTHER: Final = "before meals, bedtime"
# HI and LO are drawn at the ends of the meter's range.
ENDS: Final = {"HI": 600.0, "LO": 20.0}


def draw(who: Person, path: Path) -> None:
    """Write a PNG or SVG of all that a person measured."""
    first, days = who.first, who.days
    with drawing():
        kinds = {one.kind for one in who.samples}
        chosen = [one for one in PANELS if one.kinds & kinds] or PANELS
        heights = [one.height for one in chosen]
        figure = Figure(figsize=(10, 1 + 1.6 * sum(heights)), layout="constrained")
        panels = figure.subplots(len(chosen), 1, sharex=True, height_ratios=heights, squeeze=False)
        panels = panels[:, 0]
        for panel, one in zip(panels, chosen, strict=True):
            one.draw(panel, who.samples)
            _shade(panel, who.setbacks, first)
        _name(panels[0], who.setbacks, first, days)
        _missed(panels[-1], who.samples, first, days)
        _dates(panels[-1], first, days)
        figure.suptitle(who.title, x=0.01, ha="left", fontsize=12, color=INK)
        figure.align_ylabels()
        save(figure, path)


def points(samples: Sequence[Sample], kind: str, name: str) -> tuple[list[float], list[float]]:
    """Return the times and numbers of one measure."""
    chosen = [one for one in samples if one.kind == kind and name in one.values]
    numbers = [one.values[name].number for one in chosen]
    return (
        [_days(one.at) for one in chosen],
        [float(n) if isinstance(n, Decimal) else ENDS[n] for n in numbers],
    )


def _pressure(axes: Axes, samples: Sequence[Sample]) -> None:
    at, systolic = points(samples, BLOOD_PRESSURE, "systolic")
    _, diastolic = points(samples, BLOOD_PRESSURE, "diastolic")
    axes.vlines(at, diastolic, systolic, color=BLUE, alpha=0.25, linewidth=1)
    axes.plot(at, systolic, color=BLUE, label="systolic", **DOT)
    axes.plot(at, diastolic, color=ORANGE, label="diastolic", **DOT)
    guide(axes, 85, 135)
    axes.set_ylabel("blood pressure\nmmHg")
    axes.legend(loc="upper right", ncols=2, borderaxespad=0.1)


def _pulse(axes: Axes, samples: Sequence[Sample]) -> None:
    axes.plot(*points(samples, BLOOD_PRESSURE, "pulse"), color=PURPLE, label="cuff", **DOT)
    axes.plot(*points(samples, OXYGEN, "pulse"), color=GREEN, label="oximeter", **DOT)
    guide(axes, 50, 100)
    axes.set_ylabel("pulse\n/min")
    axes.legend(loc="upper right", ncols=2, borderaxespad=0.1)


def _oxygen(axes: Axes, samples: Sequence[Sample]) -> None:
    axes.plot(*points(samples, OXYGEN, "spo2"), color=BLUE, **DOT)
    guide(axes, 92)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.set_ylabel("SpO\N{SUBSCRIPT TWO}\n%")


def _glucose(axes: Axes, samples: Sequence[Sample]) -> None:
    colours = {OTHER: BLUE, "after meals": ORANGE, "felt low": PURPLE}
    for label, colour in colours.items():
        chosen = [one for one in samples if _kind_of_glucose(one.note) == label]
        if chosen or label != "felt low":
            axes.plot(*points(chosen, GLUCOSE, "glucose"), color=colour, label=label, **DOT)
    guide(axes, 70, 180)
    axes.set_ylabel("glucose\nmg/dL")
    axes.legend(loc="upper right", ncols=3, borderaxespad=0.1)


def _kind_of_glucose(note: str) -> str:
    starts = {"after": "after meals", "felt low": "felt low"}
    return next((kind for start, kind in starts.items() if note.startswith(start)), OTHER)


def _temperature(axes: Axes, samples: Sequence[Sample]) -> None:
    axes.plot(*points(samples, TEMPERATURE, "temperature"), color=ORANGE, **DOT)
    guide(axes, 38)
    axes.set_ylabel("temperature\n\N{DEGREE SIGN}C")


def _weight(axes: Axes, samples: Sequence[Sample]) -> None:
    axes.plot(*points(samples, WEIGHT, "weight"), color=GREEN, **DOT)
    axes.set_ylabel("weight\nkg")


class Panel(NamedTuple):
    """What is drawn where somebody measured one of the kinds."""

    draw: Callable[[Axes, Sequence[Sample]], None]
    kinds: frozenset[str]
    height: float = 1.0


PANELS: Final = (
    Panel(_pressure, frozenset({BLOOD_PRESSURE}), 1.5),
    Panel(_pulse, frozenset({BLOOD_PRESSURE, OXYGEN})),
    Panel(_oxygen, frozenset({OXYGEN})),
    Panel(_glucose, frozenset({GLUCOSE}), 1.2),
    Panel(_temperature, frozenset({TEMPERATURE})),
    Panel(_weight, frozenset({WEIGHT})),
)


def _shade(axes: Axes, setbacks: Sequence[Setback], first: date) -> None:
    for one in setbacks:
        axes.axvspan(_at(first, one.onset), _at(first, one.end), color="#F4E3B5", alpha=0.6, lw=0)
    if axes.get_legend() is not None:  # room above the dots for it
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + 0.22 * (high - low))


def _name(axes: Axes, setbacks: Sequence[Setback], first: date, days: int) -> None:
    """Write above the shades what they are, in rows where names would touch."""
    ends: list[float] = []
    for one in sorted(setbacks, key=lambda setback: setback.onset):
        row = next((n for n, end in enumerate(ends) if one.onset > end), len(ends))
        ends[row:] = [one.onset + days * 0.16, *ends[row + 1 :]]
        axes.annotate(
            one.kind,
            (_at(first, one.onset), 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3 + 11 * row),
            textcoords="offset points",
            fontsize=8.5,
            color="#7A5C00",
        )


def _missed(axes: Axes, samples: Sequence[Sample], first: date, days: int) -> None:
    """Mark the days without any measurement below the last panel."""
    measured = {one.at.date() for one in samples}
    gone = [n for n in range(days) if first + timedelta(days=n) not in measured]
    for number in gone:
        start, end = _at(first, number), _at(first, number + 1)
        axes.axvspan(start, end, ymin=0, ymax=0.06, color=GREY, lw=0)
    text = f"{len(gone)} of {days} days without a measurement (grey)"
    axes.annotate(
        text,
        (1.0, 0.0),
        xycoords="axes fraction",
        xytext=(0, -21),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=8.5,
        color=INK,
        annotation_clip=False,
    )


def _dates(axes: Axes, first: date, days: int) -> None:
    step = max(1, round(days / 10))
    numbers = range(0, days, step)
    labels = [(first + timedelta(days=number)).strftime("%d %b") for number in numbers]
    axes.set_xticks([_at(first, number) for number in numbers], labels)
    axes.set_xlim(_at(first, 0), _at(first, days))
    last = first + timedelta(days=days - 1)
    years = f"{first.year}" if first.year == last.year else f"{first.year} to {last.year}"
    axes.set_xlabel(f"local time, {years}; a tick is midnight", loc="left")


def _at(first: date, day: float) -> float:
    return _days(datetime.combine(first, time()) + timedelta(days=day))


def _days(at: datetime) -> float:
    return (at - EPOCH) / timedelta(days=1)
