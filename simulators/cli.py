"""hearthline-sim: simulated homes, and what is built on them."""

import asyncio
import gc
import json
import signal
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from simulators.alerting_load.command import alerting
from simulators.console_load.command import console
from simulators.export_load.command import export
from simulators.far_side_command import far_side
from simulators.fleet.command import fleet
from simulators.patients.command import cohort, patient
from simulators.programs import ProgramFailed
from simulators.series import series

app = typer.Typer(
    name="hearthline-sim",
    no_args_is_help=True,
    add_completion=False,
    help=__doc__,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Recordings = Annotated[
    Path | None,
    typer.Option(help="A folder of public recordings; default: ../shared/data, if it is there."),
]
Folder = Annotated[
    Path,
    typer.Option(envvar="HEARTHLINE_SIM_HOME", help="Where it keeps its database and homes."),
]


@app.callback()
def _commands() -> None:
    """Stand-ins for every piece of hardware."""


@app.command()
def bluez(
    home: Annotated[Path, typer.Argument(help="HOME.json")],
    bus_dir: Annotated[
        Path | None, typer.Option(help="Where the bus and taken.jsonl lie; else a new directory.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.001, help="Waiting is divided by this.")] = 1.0,
    hold: Annotated[
        bool, typer.Option("--hold", help="The devices do nothing until SIGUSR1.")
    ] = False,
) -> None:
    """Serve the devices of one home on a private D-Bus until SIGTERM."""
    from simulators.bluez.daemon import BusUnavailable
    from simulators.bluez.process import run as serve
    from simulators.home_file import HomeFileBroken, load

    try:
        checked = load(home)
    except HomeFileBroken as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    directory = bus_dir or Path(tempfile.mkdtemp(prefix="hearthline-sim-"))
    try:
        directory.mkdir(parents=True, exist_ok=True)
        asyncio.run(serve(checked, directory, speed, typer.echo, hold=hold))
    except BusUnavailable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End when everything is stored.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only the summary.")] = False,
    recordings: Recordings = None,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="Virtual patients, even where recordings are.")
    ] = False,
    folder: Folder = Path("var/demo"),
) -> None:
    """Run the whole product here with two simulated homes. Example: demo --once --json.

    Exits 1 when not everything that the devices took is stored.
    """
    from rich.console import Console

    from simulators.demo.run import Demo
    from simulators.recordings.folders import find_recordings

    if recordings is not None and not recordings.is_dir():
        raise typer.BadParameter(f"there is no folder {recordings}", param_hint="--recordings")
    # As Ctrl-C: so that its homes and its gateway end with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    console = None if as_json else Console()
    found = None if virtual else find_recordings(recordings)
    summary = Demo(folder, found, console).run(once=once)
    if once:
        typer.echo(json.dumps(summary.as_dict(), indent=1))
    if not summary.complete:
        raise typer.Exit(1)


bench = typer.Typer(help="Measure, beside the limits.", rich_markup_mode=None)
app.add_typer(bench, name="bench")
bench.command("alerting")(alerting)
bench.command("console")(console)
bench.command("export")(export)


@bench.callback(invoke_without_command=True)
def spine(
    context: typer.Context,
    readings: Annotated[int, typer.Option(min=1, max=1000, help="Of each device.")] = 15,
    devices: Annotated[int, typer.Option(min=1, max=7, help="Paired, each another kind.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Measure delay and memory at normal load, beside their limits. Example: bench --devices 6."""
    if context.invoked_subcommand is not None:
        return
    from simulators.bench import run as measure

    figures = measure(readings, devices)
    if as_json:
        typer.echo(json.dumps(figures, indent=1))
        return
    for name, value in figures.items():
        typer.echo(f"{name:<30} {value}")


@app.command()
def run(
    scenarios: Annotated[
        list[Path] | None, typer.Argument(help="SCENARIO.yaml, or folders of them.")
    ] = None,
    shipped: Annotated[bool, typer.Option("--shipped", help="Run those that come along.")] = False,
    speed: Annotated[float, typer.Option(min=0.01, help="Waiting is divided by this.")] = 1.0,
    jobs: Annotated[int, typer.Option(min=1, max=16, help="Scenarios at once.")] = 3,
    junit: Annotated[Path | None, typer.Option(help="Where to write a JUnit file.")] = None,
    at: Annotated[
        datetime | None, typer.Option(help="The start on the devices' clocks (UTC); default now.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Keep database, logs and octets in this new folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Run scenarios on the real programs. Example: run --shipped --junit out.xml.

    Exits 1 when something is not as expected, 2 when a file cannot be used.
    """
    from simulators.scenarios.command import run_files

    folders = [] if scenarios is None else scenarios
    raise typer.Exit(run_files(folders, shipped, speed, jobs, junit, at, keep, as_json))


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors. Example: schema > scenario.json."""
    from simulators.scenarios.schema import schema_text

    typer.echo(schema_text(), nl=False)


app.command()(patient)
app.command()(cohort)
app.command()(fleet)
app.command()(far_side)
app.command()(series)


def main() -> None:
    """Run a command; what does not work is said in one line."""
    try:
        app()
    except ProgramFailed as error:
        typer.echo(f"hearthline-sim: {error}", err=True)
        sys.exit(1)
    finally:
        gc.freeze()  # the end of the process frees it; a last look for garbage costs more
