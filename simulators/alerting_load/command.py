"""`hearthline-sim bench alerting`: from a reading's receipt to its task, under load."""

import json
import signal
import sys
from typing import Annotated

import typer


def alerting(
    hubs: Annotated[int, typer.Option(min=1, max=20_000, help="A patient each.")] = 300,
    rate: Annotated[float, typer.Option(min=0.1, help="Readings a second, of all.")] = 100.0,
    minutes: Annotated[float, typer.Option(min=0.01, help="How long it measures.")] = 3.0,
    share: Annotated[float, typer.Option(min=0.0, max=1.0, help="Of what breaks a rule.")] = 0.02,
    days: Annotated[int, typer.Option(min=0, help="Past days that each patient has.")] = 14,
    seed: Annotated[int, typer.Option(help="Of all that is measured.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Measure from receipt to task with a hundred rules per patient. Example: bench alerting.

    A gateway of its own with all its programs, loaded by hubs that speak MQTT. Exits 1 where the
    p95 or p99 is over its limit, or a reading that breaks a rule is in no alert.
    """
    from simulators.alerting_load.run import Load, run
    from simulators.fleet.progress import Bar
    from simulators.fleet.report import Plan, lines

    # As Ctrl-C: so that the gateway ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with Bar() as bar:
        figures = run(Load(Plan(hubs, rate, minutes, 2, seed), share, days), bar.tell)
    typer.echo(json.dumps(figures, indent=1) if as_json else "\n".join(lines(figures)))
    if figures["problems"]:
        raise typer.Exit(1)
