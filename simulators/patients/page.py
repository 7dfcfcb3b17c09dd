"""docs/virtual-patients.md: written from the comparison, word by word."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from simulators.patients.compare import (
    KS_LIMIT,
    LAG_LIMIT,
    LEVEL_LIMIT,
    SPREAD_LIMIT,
    Comparison,
    Group,
    told,
)
from simulators.patients.published import published
from simulators.patients.recorded import comparisons
from simulators.vitals.conditions import CONDITIONS
from simulators.vitals.setbacks import COURSES

PICTURES: Final = "pictures"
HEAD: Final = """# Virtual patients

<!-- Written by `hearthline-sim cohort --recordings DIR --out docs/virtual-patients.md`.
     Change the models or their sources, not this page. -->

Seeded people for demos, scenarios and tests: blood pressure, pulse, SpO2, glucose, temperature and
weight, with rhythms of day and week, meals, drift, setbacks, missed measurements, noise and the
steps of a display. **They are no evidence for anything clinical.** This page says how near they
come to real recordings and to published figures, and where they do not.

    hearthline-sim patient --condition heart-failure --days 30 --plot patient.png
    hearthline-sim patient --condition diabetes --seed 3 --csv

The models, each parameter with its unit and its source or the word "chosen", are in
`simulators/vitals/`. The same seed gives the same numbers on every machine; more days, further
vital signs or more missed measurements change none of the others.

![Thirty days of a virtual patient with heart failure](pictures/virtual-heart-failure.png)

Thirty days with heart failure, seed 9: weight rises over twelve days, SpO2 falls and the pulse
rises late, treatment ends it. Dashed lines are where clinicians begin to look; grey marks days
without a measurement.
"""
LIMITS: Final = f"""## How they are compared

A cohort of virtual patients measures about as often and as long as the people of the recording did.
Setbacks come at their yearly rate. Only figures of whole groups are given; no value of a recording
is in this repository. Two figures *agree* when a mean or percentile differs by at most
{LEVEL_LIMIT:g} of the recorded SD, a spread by at most {SPREAD_LIMIT:.0%}, an autocorrelation by at
most {LAG_LIMIT:g}, the two distribution functions by at most {KS_LIMIT:g} anywhere
(Kolmogorov-Smirnov distance; no p-value, because values of one person depend on each other), and
the figures of a second table by at most a limit of their own. These limits are our own choice.
"""
NOT_MODELLED: Final = """## What is not modelled

- Nights: nobody measures while asleep, so the fall of pressure at night is in the model but not in
  the measurements, and no recording here holds it.
- Vital signs of one person go together only through setbacks and through the pulse, which cuff and
  oximeter share. Weight does not follow pressure, nor glucose weight.
- Medicines, the time they are taken, age, sex, season and altitude.
- Insulin doses and what was eaten: glucose is a distribution by time of day, not a physiology of
  insulin. Successive values are as independent as in the recording.
- Wrong technique: a loose cuff, cold fingers, somebody else on the scale. Scenarios and devices
  add those.
- Temperature, SpO2 at home, heart failure and COPD are compared with published figures only: no
  recording of such home measurements was at hand.
"""


def text(found: Sequence[Comparison]) -> str:
    """Return the page."""
    parts = [HEAD, "\n".join(_conditions()), LIMITS]
    parts += ["\n".join(_section(one)) for one in found]
    parts += ["\n".join(_published()), NOT_MODELLED]
    return "\n".join(parts)


def write(folder: Path, out: Path) -> None:
    """Compare with the recordings of the folder; write page and pictures."""
    from simulators.patients import pictures, plot
    from simulators.patients.cohort import FIRST
    from simulators.patients.person import virtual

    found = comparisons(folder)
    drawn = out.parent / PICTURES
    drawn.mkdir(parents=True, exist_ok=True)
    for one in found:
        pictures.draw(one, drawn / _picture(one))
    who = virtual("p1", 9, "heart-failure", None, False, FIRST, 30)
    plot.draw(who, drawn / "virtual-heart-failure.png")
    out.write_text(text(found), encoding="utf-8")


def _picture(one: Comparison) -> str:
    return f"virtual-{one.key}.svg"


def _conditions() -> Iterator[str]:
    yield "| `--condition` | who | what goes wrong, times a year | sure in the first weeks |"
    yield "|---|---|---|---|"
    for name, one in CONDITIONS.items():
        rates = ", ".join(f"{kind} {rate:g}" for kind, rate in one.rates.items())
        yield f"| `{name}` | {one.title} | {rates} | {', '.join(one.shown)} |"
    yield ""
    yield "| setback | days: rise, stay, fall | full effect |"
    yield "|---|---|---|"
    for kind, course in COURSES.items():
        effects = [f"{vital} {value:+.3g}" for vital, value in course.effects.items()]
        days = f"{course.rise:g}, {course.stay:g}, {course.fall:g}"
        yield f"| {kind} | {days} | {', '.join(effects) or 'one value from 38 to 53 mg/dL'} |"
    yield ""


def _section(one: Comparison) -> Iterator[str]:
    yield f"## {one.title}\n"
    yield f"Recording: {one.credit}.\n"
    yield f"Cohort: {one.cohort}. {one.fitted}.\n"
    yield f"![Recorded and simulated distributions]({PICTURES}/{_picture(one)})\n"
    yield from _table(one.groups)
    yield ""
    yield from _own_table(one.groups)
    yield from _words(one)


def _table(groups: Sequence[Group]) -> Iterator[str]:
    names = [f"{one.name}, {one.unit}: recorded | simulated" for one in groups]
    yield "| | " + " | ".join(names) + " |"
    yield "|---" + "|--:|--:" * len(groups) + "|"
    for rows in zip(*(one.rows() for one in groups), strict=True):
        cells = [f"{told(r.recorded, r.digits)} | {told(r.simulated, r.digits)}" for r in rows]
        yield f"| {rows[0].name} | " + " | ".join(cells) + " |"
    cells = [f"| {one.distance:.3f}" for one in groups]
    yield "| Kolmogorov-Smirnov distance | " + " | ".join(cells) + " |"


def _own_table(groups: Sequence[Group]) -> Iterator[str]:
    if not any(one.more for one in groups):
        return
    yield "| | recorded | simulated | limit |"
    yield "|---|--:|--:|--:|"
    for one in groups:
        for row in one.more:
            figures = f"{told(row.recorded, row.digits)} | {told(row.simulated, row.digits)}"
            yield f"| {one.name}: {row.name} | {figures} | {row.limit:g} |"
    yield ""


def _words(one: Comparison) -> Iterator[str]:
    counts = [f"{name} {len(names)} of {of}" for name, names, of in one.agreeing()]
    yield f"**Figures that agree**: {', '.join(counts)}.\n"
    differing = list(one.differing())
    if not differing:
        yield "**No figure differs** by more than the limits.\n"
        return
    yield "**What differs, and why**:\n"
    yield from (f"- {sentence}" for sentence in differing)
    yield ""


def _published() -> Iterator[str]:
    yield "## Published figures\n"
    yield "Of people nobody gave us recordings of. Simulated cohorts of 60 people or more.\n"
    yield "| figure | published | simulated | | source |"
    yield "|---|--:|--:|---|---|"
    for one in published():
        value, verdict = one.told()
        yield f"| {one.figure} | {one.published} | {value} | {verdict} | {one.source} |"
    yield ""
