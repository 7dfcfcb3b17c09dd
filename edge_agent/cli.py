"""`hearthline-edge`: the hub's command. Exit 0 done, 1 failed, 2 wrong input; never a traceback."""

import sys
from typing import Annotated

import typer

from edge_agent.errors import EdgeError, WrongInput

app = typer.Typer(
    name="hearthline-edge",
    help="The hub in the patient's home: reads devices, keeps readings, sends them sealed.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain text on a hub, and rich stays out of its memory
    pretty_exceptions_enable=False,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def main() -> None:
    """Run the command; every expected error is one line."""
    try:
        app()
    except WrongInput as error:
        _stop(error, 2)
    except EdgeError as error:
        _stop(error, 1)
    except KeyboardInterrupt:
        raise SystemExit(130) from None


@app.command()
def run() -> None:
    """Run the hub until it is stopped (SIGTERM or Ctrl-C).

    Example: HEARTHLINE_HUB_DIR=/etc/hearthline hearthline-edge run
    """
    from edge_agent import logs

    logs.set_up()
    from edge_agent import app as agent
    from edge_agent import settings

    agent.run(settings.load_settings())


@app.command()
def status(as_json: AsJson = False) -> None:
    """Print what waits in the spool, and how the hub and its devices are.

    Example: hearthline-edge status --json
    """
    from edge_agent import report, settings

    plain = report.status(settings.load_settings())
    typer.echo(report.as_json(plain) if as_json else report.tree(plain))


@app.command()
def devices(as_json: AsJson = False) -> None:
    """Print the paired devices and when each was last seen.

    Example: hearthline-edge devices
    """
    from edge_agent import report, settings

    rows = report.devices(settings.load_settings())
    if as_json:
        typer.echo(report.as_json(rows))
        return
    typer.echo("\n\n".join(map(report.tree, rows)) or "No device is paired with this hub.")


@app.command()
def decode(
    uuid: str, octets: Annotated[str, typer.Argument(metavar="HEX")], as_json: AsJson = False
) -> None:
    """Print what the octets of a characteristic say: its fields, and the readings they make.

    Example: hearthline-edge decode 2A35 00780050005d00
    """
    from edge_agent import decode as decoding
    from edge_agent import report

    try:
        said = decoding.decode(uuid, octets)
    except ValueError as error:  # DecodeError is one
        raise WrongInput(f"{error}.") from None
    typer.echo(report.as_json(said) if as_json else report.tree(said))


def _stop(error: EdgeError, code: int) -> None:
    sys.stderr.write(f"hearthline-edge: {error}\n")
    raise SystemExit(code)
