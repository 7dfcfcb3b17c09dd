"""hearthline-sim patient and cohort."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from simulators.patients.person import Person

FIRST = datetime(2026, 3, 2)  # noqa: DTZ001 - a wall clock; a Monday without change of time


def patient(
    condition: Annotated[str, typer.Option(help="healthy, hypertension, heart-failure ...")] = (
        "healthy"
    ),
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same numbers.")] = 9,
    days: Annotated[int, typer.Option(min=1, max=3660)] = 30,
    first: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day.")] = FIRST,
    name: Annotated[str, typer.Option(help="Another name is another person.")] = "p1",
    recordings: Annotated[
        Path | None, typer.Option(help="Take a recorded person from here: --name uci-16 ...")
    ] = None,
    adherence: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Share of measurements made; default: drawn."),
    ] = None,
    calm: Annotated[
        bool, typer.Option("--calm", help="Setbacks only at their rate, none for sure.")
    ] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw it: a .png or .svg file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print measurements as JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print measurements as CSV.")] = False,
    home: Annotated[
        Path | None, typer.Option(help="Write devices that hold it: a HOME.json for bluez.")
    ] = None,
    zone: Annotated[str, typer.Option(help="Time zone of that home.")] = "UTC",
) -> None:
    """Make a virtual patient, draw or print it. Example: patient --condition copd --plot p.png."""
    from simulators.patients import person

    try:
        if recordings is not None:
            who = person.recorded(recordings, name)
        else:
            who = person.virtual(name, seed, condition, adherence, calm, first.date(), days)
    except person.Unknown as error:
        raise typer.BadParameter(str(error), param_hint=f"--{error.option}") from None
    if plot is not None:
        _draw(who, plot)
    if home is not None:
        _home(who, home, seed, zone)
    _tell(who, as_json, as_csv, plot is None and home is None)


def _tell(who: "Person", as_json: bool, as_csv: bool, otherwise: bool) -> None:
    from simulators.patients import table

    if as_json:
        typer.echo(table.as_json(who.samples, who.setbacks))
    elif as_csv:
        table.write_csv(who.samples, sys.stdout)
    elif otherwise:
        typer.echo("\n".join(table.summary(who.samples, who.setbacks)))


def _draw(who: "Person", path: Path) -> None:
    if path.suffix.lower() not in (".png", ".svg"):
        raise typer.BadParameter(f"a .png or a .svg, not {path.name}", param_hint="--plot")
    _folder_of(path, "--plot")
    # Only now: what draws takes a second to import.
    from simulators.patients.plot import draw

    draw(who, path)
    typer.echo(f"drawn: {path}", err=True)


def _home(who: "Person", path: Path, seed: int, zone: str) -> None:
    from simulators.home_file import known_zone
    from simulators.homes import octets
    from simulators.patients.devices import as_home

    _folder_of(path, "--home")
    try:
        known_zone(zone)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--zone") from None
    path.write_bytes(octets(as_home(who.samples, seed, zone)))
    typer.echo(f"written: {path}", err=True)


def _folder_of(path: Path, option: str) -> None:
    if not path.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}", param_hint=option)


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
    _folder_of(out, "--out")
    try:
        write(recordings, out)
    except FileNotFoundError as error:
        raise typer.BadParameter(
            f"a recording is missing: {error.filename}", param_hint="--recordings"
        ) from None
    typer.echo(f"written: {out}", err=True)
