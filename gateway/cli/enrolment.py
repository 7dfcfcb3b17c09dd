"""`hub invite`, `reinvite`, `confirm`, `replace`: how boxes become hubs."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from device_profiles.wire.enrolment import Invitation
from gateway.audit.operators import by_operator
from gateway.broker.files import update_broker
from gateway.broker.revoke import NotOff, Revoke
from gateway.cli import given
from gateway.cli.groups import group
from gateway.cli.hub import read_pairing
from gateway.cli.options import By, Devices, Organisation, Since, SuiteNumber, Zone, moment, new_hub
from gateway.cli.output import JsonOption, print_json
from gateway.core.shards import new_hub_id
from gateway.enrolment import invite as inviting
from gateway.enrolment.confirm import confirm as confirm_hub
from gateway.enrolment.replace import replace_hub
from gateway.errors import WrongInput
from gateway.identity.files import write_private
from gateway.identity.stored import read_stored
from gateway.settings import Settings, load_settings

Qr = Annotated[Path | None, typer.Option(help="Write the QR code to this .svg or .png.")]
EnrollToml = Annotated[
    Path | None, typer.Option(help="Write enroll.toml, for the boot partition of a hub's card.")
]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    hub = group(app, "hub")
    hub.command("invite")(invite)
    hub.command("reinvite")(reinvite)
    hub.command("confirm")(confirm)
    hub.command("replace")(replace)


def invite(
    name: str,
    organisation: Organisation,
    timezone: Zone = "UTC",
    suite: SuiteNumber = "2",
    device: Devices = None,
    since: Since = None,
    qr: Qr = None,
    enroll_toml: EnrollToml = None,
    by: By = "",
    as_json: JsonOption = False,
) -> None:
    """Register a hub and invite a box to be it. Example: hub invite "Ada's hub" --organisation ID.

    The invitation serves once, within 30 minutes. It is a secret until then.
    """
    now, settings = datetime.now(UTC), load_settings()
    devices = [read_pairing(text, moment(since)) for text in device or ()]
    named, who, door = given.name(name), given.who(by), _door(settings)
    hub = new_hub(organisation, timezone, suite)
    with settings.database().transaction() as connection:
        told = inviting.invite(connection, door, hub, named, devices, who, now)
        by_operator(connection, who, "hub.invite", "hub", hub.id)
    _give(told, now, qr, enroll_toml, as_json)


def reinvite(
    hub: UUID,
    qr: Qr = None,
    enroll_toml: EnrollToml = None,
    by: By = "",
    as_json: JsonOption = False,
) -> None:
    """Invite again: the token went astray, or the hub's certificate expired over 30 days ago."""
    now, settings = datetime.now(UTC), load_settings()
    who, door = given.who(by), _door(settings)
    with settings.database().transaction() as connection:
        told = inviting.invite_again(connection, door, hub, who, now)
        by_operator(connection, who, "hub.invite", "hub", hub)
    _give(told, now, qr, enroll_toml, as_json)


def confirm(
    hub: UUID,
    digits: Annotated[str, typer.Argument(metavar="SIXDIGITS")],
    by: By = "",
    as_json: JsonOption = False,
) -> None:
    """Make an enrolled hub active: type the six digits that it shows. Example: hub confirm HUB 041337."""  # noqa: E501 - one sentence with its example
    bare = digits.replace(" ", "")
    if len(bare) != 6 or not bare.isascii() or not bare.isdigit():
        raise WrongInput("The hub shows six digits, as 041337.")
    settings = load_settings()
    database = settings.database()
    who = given.who(by)
    note = partial(by_operator, name=who, action="hub.confirm", kind="hub", id_=hub)
    news = confirm_hub(database, hub, bare, who, datetime.now(UTC), note)
    update_broker(settings, database)
    told = "active" if news else "active already"
    print_json({"hub": hub, "state": "active"}) if as_json else print(f"The hub is {told}.")


def replace(
    old: UUID,
    qr: Qr = None,
    enroll_toml: EnrollToml = None,
    by: By = "",
    as_json: JsonOption = False,
) -> None:
    """Invite a box to take a broken hub's place: its devices move, patients and history stay.

    The old hub is shut out. What it had not sent is lost with it, and custody says so.
    """
    now, settings = datetime.now(UTC), load_settings()
    who, door, database = given.who(by), _door(settings), settings.database()
    with database.transaction() as connection:
        hub = replace_hub(connection, old, new_hub_id(), who, now)
        told = inviting.new_token(connection, door, hub.id, who, now)
        by_operator(connection, who, "hub.replace", "hub", old, by=hub.id)
    try:
        steps = Revoke(settings, database, old).run("replaced", who)
        off: list[str] = [done.step for done in steps]
    except NotOff as error:
        off = [f"refused; not proved at the broker: {error}"]
    _give(told, now, qr, enroll_toml, as_json, replaces=old, old_hub=off)


def _door(settings: Settings) -> inviting.Door:
    if settings.api_url is None:
        raise WrongInput("HEARTHLINE_API_PORT is 0, so no hub can enrol; `hub add` makes a folder.")
    return inviting.Door(settings.api_url, read_stored(settings.keys / "ca.crt"))


def _give(
    told: Invitation,
    now: datetime,
    qr: Path | None,
    enroll_toml: Path | None,
    as_json: bool,
    **more: Any,
) -> None:
    import segno

    text, until = told.text(), now + inviting.LIFE
    code = segno.make(text, error="m", micro=False)
    if qr is not None:
        if qr.suffix not in (".svg", ".png"):
            raise WrongInput("--qr names an .svg or a .png file.")
        code.save(str(qr), scale=6, border=4)
    if enroll_toml is not None:
        write_private(enroll_toml, f'invitation = "{text}"\n'.encode())
    if as_json:
        print_json({"hub": told.hub, "invitation": text, "expires_at": until, **more})
        return
    code.terminal(compact=True)
    print(f"{text}\n\nFor hub {told.hub}, until {until:%H:%M} UTC. On the hub:")
    print("  hearthline-edge enroll 'TEXT'\nthen, with the six digits that it shows:")
    print(f"  hearthline-gateway hub confirm {told.hub} SIXDIGITS")
