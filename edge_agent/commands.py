"""The commands of `hearthline-edge`. Each loads what it needs when it runs."""

from typing import Annotated

import typer

from edge_agent.cli import run_agent
from edge_agent.errors import WrongInput

app = typer.Typer(
    name="hearthline-edge",
    help="The hub in the patient's home: reads devices, keeps readings, sends them sealed.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain text on a hub, and rich stays out of its memory
    pretty_exceptions_enable=False,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command()
def run() -> None:
    """Run the hub until it is stopped (SIGTERM or Ctrl-C).

    Example: HEARTHLINE_HUB_DIR=/etc/hearthline hearthline-edge run
    """
    run_agent()


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
