"""`hearthline-sim bench export`: how long all readings take by FHIR's `$export`."""

import json
import signal
import sys
from typing import Annotated

import typer


def export(
    readings: Annotated[int, typer.Option(min=1, help="Of one patient.")] = 100_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Measure a bulk export and its download. Example: bench export --readings 20000.

    A gateway of its own with its console. Exits 1 where it takes longer than a minute, or where
    the worker's memory grows by more than 64 MB.
    """
    from simulators.export_load.run import run
    from simulators.fleet.report import lines

    # As Ctrl-C: so that the gateway ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    figures = run(readings, lambda text: typer.echo(text, err=True))
    typer.echo(json.dumps(figures, indent=1) if as_json else "\n".join(lines(figures)))
    if figures["problems"]:
        raise typer.Exit(1)
