"""hearthline-sim: simulated homes, and what is built on them."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


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
) -> None:
    """Serve the devices of one home on a private D-Bus until SIGTERM."""
    from simulators.bluez.daemon import BusUnavailable
    from simulators.bluez.process import run
    from simulators.home_file import HomeFileBroken, load

    try:
        checked = load(home)
    except HomeFileBroken as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    directory = bus_dir or Path(tempfile.mkdtemp(prefix="hearthline-sim-"))
    try:
        directory.mkdir(parents=True, exist_ok=True)
        asyncio.run(run(checked, directory, speed, typer.echo))
    except BusUnavailable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def main() -> None:
    """Entry point of the console script."""
    app()
