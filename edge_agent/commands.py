"""The commands of `hearthline-edge`. Each loads what it needs when it runs."""

from functools import partial
from pathlib import Path
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
def enroll(
    invitation: Annotated[
        str, typer.Argument(metavar="TEXT|FILE", help="As `hub invite` printed it, or enroll.toml.")
    ],
    wait: Annotated[float, typer.Option(help="Seconds to wait for the confirmation.")] = 1800.0,
) -> None:
    """Make this box a hub: keys are made here, and six digits are shown to be confirmed.

    Example: hearthline-edge enroll 'hln:1?u=https://...'
    """
    from edge_agent import enrolling, settings

    hub_dir = settings.load_settings().hub_dir
    enrolling.run(hub_dir, enrolling.read(invitation), typer.echo, wait)


@app.command()
def renew(as_json: AsJson = False) -> None:
    """Renew the certificate if it is due, and fetch hub.toml. The running agent does it by itself.

    Example: hearthline-edge renew
    """
    from edge_agent import renewal_command, report, settings

    told = renewal_command.renew(settings.load_settings().hub_dir)
    typer.echo(report.as_json(told) if as_json else report.tree(told))


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
    uuid: Annotated[str, typer.Argument(metavar="UUID|FILE")],
    octets: Annotated[str, typer.Argument(metavar="HEX")] = "",
    profile: Annotated[str, typer.Option(help="Read as this profile does.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print what the octets of a characteristic say: its fields, and the readings they make.

    With --profile, a FILE that `capture` wrote is played back, and UUID HEX read by that profile.

    Example: hearthline-edge decode 2A35 00780050005d00
    """
    from edge_agent import decode as decoding
    from edge_agent import report

    try:
        if profile and not octets:
            said: object = decoding.decode_recording(profile, Path(uuid).read_text("utf-8"))
        elif profile:
            said = decoding.decode_as(profile, uuid, octets)
        else:
            said = decoding.decode(uuid, octets)
    except ValueError as error:  # DecodeError and UnicodeDecodeError are
        raise WrongInput(f"{error}.") from None
    if as_json:
        typer.echo(report.as_json(said))
        return
    typer.echo("\n\n".join(map(report.tree, said)) if isinstance(said, list) else report.tree(said))


@app.command("pair")
def pair_device(
    address: Annotated[str, typer.Option(help="The device, without asking which.")] = "",
    profile: Annotated[str, typer.Option(help="Read it as this profile does.")] = "",
    passkey: Annotated[str, typer.Option(help="The device's 6-digit number.")] = "",
    seconds: Annotated[
        float, typer.Option(help="How long to wait for it, and then for a measurement.")
    ] = 300.0,
    list_: Annotated[bool, typer.Option("--list", help="Only list what is near.")] = False,
    everybody: Annotated[
        bool, typer.Option("--all", help="Show what is not recognised, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Pair a device: shows what is near, and takes one measurement to prove that it works.

    What the device tells is kept and sent as always. The agent must not run meanwhile. --json asks
    nobody anything; nobody is asked either where standard input is no terminal.

    Example: hearthline-edge pair
    """
    import sys

    from edge_agent import report, settings
    from edge_agent.identity.hub import read_hub_file
    from edge_agent.pairing import command, person, steps

    chosen = settings.load_settings()
    asked = command.checked(
        steps.Asked(address or None, profile or None, passkey or None, seconds, everybody)
    )
    say = partial(typer.echo, err=True)
    if list_:
        near = command.look(chosen, asked, say, as_json=as_json)
        typer.echo(report.as_json(near) if as_json else near)
        return
    asks = sys.stdin.isatty() and not as_json
    told = command.pair(chosen, asked, person.Person(say) if asks else None, say)
    typer.echo(
        report.as_json(told) if as_json else command.people(told, read_hub_file(chosen.hub_dir))
    )


@app.command()
def capture(
    address: Annotated[str, typer.Argument(metavar="AA:BB:CC:DD:EE:FF")],
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    seconds: Annotated[float, typer.Option(help="How long to wait and to listen.")] = 120.0,
    passkey: Annotated[str, typer.Option(help="The device's 6-digit number.")] = "",
    profile: Annotated[str, typer.Option(help="Speak as this profile does.")] = "",
    pair: Annotated[bool, typer.Option(help="Pair before the session.")] = True,
) -> None:
    """Record one session of one device into FILE, without its serial number, name and address.

    The agent must not run meanwhile. What was measured is in the file: record your own.

    Example: hearthline-edge capture AA:BB:CC:DD:EE:FF my-device.jsonl
    """
    from edge_agent import capturing

    capturing.run(address, file, seconds, passkey, profile, pair=pair, say=typer.echo)
