"""hearthline-sim patient and cohort."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

FIRST = datetime(2026, 3, 2)  # noqa: DTZ001 - a wall clock; a Monday without change of time


def patient(
    condition: Annotated[str, typer.Option(help="healthy, hypertension, heart-failure ...")] = (
        "healthy"
    ),
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same numbers.")] = 9,
    days: Annotated[int, typer.Option(min=1, max=3660)] = 30,
    first: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day.")] = FIRST,
    name: Annotated[str, typer.Option(help="Another name is another person.")] = "p1",
    adherence: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Share of measurements made; default: drawn."),
    ] = None,
    calm: Annotated[
        bool, typer.Option("--calm", help="Episodes only at their rate, none for sure.")
    ] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw it: a .png or .svg file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print measurements as JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print measurements as CSV.")] = False,
) -> None:
    """Make a virtual patient, draw or print it. Example: patient --condition copd --plot p.png."""
    from simulators.patients import table
    from simulators.vitals.conditions import CONDITIONS
    from simulators.vitals.patient import VirtualPatient

    if condition not in CONDITIONS:
        raise typer.BadParameter(
            f"not one of {', '.join(CONDITIONS)}: {condition}", param_hint="--condition"
        )
    person = VirtualPatient(name, seed, condition, adherence, eventful=not calm)
    samples, episodes = person.samples(first.date(), days), person.episodes(days)
    if plot is not None:
        # Only now: what draws takes a second to import.
        from simulators.patients.plot import draw

        draw(person, first.date(), days, _drawable(plot))
        typer.echo(f"drawn: {plot}", err=True)
    if as_json:
        typer.echo(table.as_json(samples, episodes))
    elif as_csv:
        table.write_csv(samples, sys.stdout)
    elif plot is None:
        for line in table.summary(samples, episodes):
            typer.echo(line)


def _drawable(path: Path) -> Path:
    if path.suffix.lower() not in (".png", ".svg"):
        raise typer.BadParameter(f"a .png or a .svg, not {path.name}", param_hint="--plot")
    if not path.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}", param_hint="--plot")
    return path


def cohort(
    recordings: Annotated[Path, typer.Option(help="A folder of public recordings.")],
    out: Annotated[Path, typer.Option(help="The page to write; pictures lie beside it.")] = Path(
        "docs/virtual-patients.md"
    ),
) -> None:
    """Compare cohorts with recordings and write the page. Example: cohort --recordings DIR."""
    from simulators.patients.page import write

    if not recordings.is_dir():
        raise typer.BadParameter(f"there is no folder {recordings}", param_hint="--recordings")
    if not out.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {out.parent}", param_hint="--out")
    try:
        write(recordings, out)
    except FileNotFoundError as error:
        raise typer.BadParameter(
            f"a recording is missing: {error.filename}", param_hint="--recordings"
        ) from None
    typer.echo(f"written: {out}", err=True)
