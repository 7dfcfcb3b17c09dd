"""`hearthline-sim far-side`: a system that clinics use, to try a connector without an account."""

import signal
import time
from typing import Annotated

import typer


def far_side(
    kind: Annotated[str, typer.Argument(help="As in connectors.toml: salesforce, webhook, ...")],
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="On this machine; 0: any free one.")
    ] = 0,
) -> None:
    """Serve the double of a far side until Ctrl-C. Example: far-side hubspot --port 8700.

    Prints what to write in connectors.toml to reach it, then each request. It forgets everything
    when it ends. Exits 2 for a kind that there is not.
    """
    # Late: other commands need not wait for what this one loads.
    import tomli_w

    from simulators.far_sides import far_sides

    known = far_sides()
    if kind not in known:
        raise typer.BadParameter(f"known are {', '.join(sorted(known))}", param_hint="KIND")
    try:
        side = known[kind](port)
    except OSError:
        raise typer.BadParameter(f"port {port} is taken", param_hint="--port") from None
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with side:
        typer.echo(f"# {side.title}, as its documentation describes it. For connectors.toml, with")
        typer.echo("# the id that `hearthline-gateway organisation add` printed:")
        table = {"kind": kind, "organisation": "...", **side.table()}
        typer.echo(tomli_w.dumps({f"try-{kind}": table}, multiline_strings=True))
        try:
            while True:
                while side.requests:
                    request = side.requests.pop(0)
                    typer.echo(f"{request.method} {request.url.removeprefix(side.url)}")
                time.sleep(0.2)
        except KeyboardInterrupt:
            for task in side.tasks():
                typer.echo(
                    f"{task.remote_id}  {task.status:<24} {task.owner or '-':<20} {task.subject}"
                )
