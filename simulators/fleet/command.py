"""`hearthline-sim fleet`: load for a gateway, and figures of how it bore it."""

import json
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer


def fleet(
    hubs: Annotated[int, typer.Option(min=1, max=20_000, help="Each with its connection.")] = 1000,
    rate: Annotated[float, typer.Option(min=0.1, help="Readings a second, of all hubs.")] = 500.0,
    minutes: Annotated[float, typer.Option(min=0.01, help="How long it measures.")] = 5.0,
    suite: Annotated[int, typer.Option(min=1, max=2, help="2 is post-quantum.")] = 2,
    seed: Annotated[int, typer.Option(help="Of the virtual patients and the order.")] = 1,
    keep: Annotated[
        Path | None, typer.Option(help="Keep database and logs in this new folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Load a gateway of its own with many hubs. Example: fleet --hubs 50 --rate 50 --minutes 1.

    No radio and no agents: hubs that speak MQTT. Exits 1 when a reading has no receipt, when the
    gateway's account differs, or when the rate was not held.
    """
    # Late: other commands need not wait for what this one loads.
    from simulators.fleet.progress import Bar
    from simulators.fleet.report import Plan, lines
    from simulators.fleet.run import run

    if keep is not None and keep.exists():
        raise typer.BadParameter(f"{keep} exists already", param_hint="--keep")
    # As Ctrl-C: so that the gateway ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with Bar() as bar:
        report = run(Plan(hubs, rate, minutes, suite, seed), bar.tell, keep)
    figures = report.figures()
    typer.echo(json.dumps(figures, indent=1) if as_json else "\n".join(lines(figures)))
    if report.problems:
        raise typer.Exit(1)
