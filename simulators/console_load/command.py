"""`hearthline-sim bench console`: how long pages take where there is much to show."""

import json
import signal
import sys
from typing import Annotated

import typer


def console(
    people: Annotated[int, typer.Option(min=1, max=1000, help="At once.")] = 50,
    seconds: Annotated[float, typer.Option(min=5, help="How long they look.")] = 60.0,
    tasks: Annotated[int, typer.Option(min=1, help="Open ones.")] = 10_000,
    years: Annotated[int, typer.Option(min=1, help="Of 4 readings a day, of one patient.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Measure worklist, patient page and charts under people. Example: bench console.

    A gateway of its own with its console. Each person looks at a page, thinks for 2 to 6 seconds,
    and looks at the next. Exits 1 where a p95 is over its limit, or a page is refused.
    """
    from simulators.console_load.run import Load, run
    from simulators.fleet.report import lines

    # As Ctrl-C: so that the gateway ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    figures = run(Load(people, seconds, tasks, years), lambda text: typer.echo(text, err=True))
    typer.echo(json.dumps(figures, indent=1) if as_json else "\n".join(lines(figures)))
    if figures["problems"]:
        raise typer.Exit(1)
