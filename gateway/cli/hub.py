"""`hub`: hubs and their devices, as they are made without enrolment."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.wire.hub_file import Broker
from gateway.audit.operators import by_operator
from gateway.broker.files import update_broker
from gateway.cli import given
from gateway.cli.options import (
    Devices,
    HubFolder,
    Organisation,
    Since,
    SuiteNumber,
    Zone,
    moment,
    new_hub,
)
from gateway.cli.output import JsonOption, print_id, print_json, print_table
from gateway.enrolment.proved import proved
from gateway.errors import GatewayError, WrongInput
from gateway.identity.files import SiteKeys, locked
from gateway.identity.hub_kit import new_folder, write_hub_file, write_hub_kit
from gateway.operators import remind
from gateway.settings import Settings, load_settings
from gateway.storage import homes
from gateway.storage.database import Connection, Database

Out = Annotated[Path, typer.Option(help="The hub's folder, to be copied to /etc/hearthline.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    hub = typer.Typer(help="Hubs and the devices paired to them.", no_args_is_help=True)
    hub.command("add")(add_hub)
    hub.command("list")(list_hubs)
    hub.command("show")(show_hub)
    hub.command("pair")(pair)
    app.add_typer(hub, name="hub")


def add_hub(
    name: str,
    organisation: Organisation,
    out: Out,
    timezone: Zone = "UTC",
    suite: SuiteNumber = "2",
    device: Devices = None,
    since: Since = None,
    as_json: JsonOption = False,
) -> None:
    """Make a hub: its keys, certificate and hub.toml in --out; the broker learns of it."""
    devices = [read_pairing(text, moment(since)) for text in device or ()]
    given_name = given.name(name)
    hub = new_hub(organisation, timezone, suite)
    settings = load_settings()
    keys, signing = SiteKeys(settings.keys), Ed25519PrivateKey.generate()
    with new_folder(out):
        database = settings.database()
        with database.transaction() as connection:
            homes.add_hub(connection, hub, given_name, signing.public_key().public_bytes_raw())
            by_operator(connection, given.somebody(), "hub.register", "hub", hub.id)
            for pairing in devices:
                device_id = homes.pair_device(connection, hub, pairing)
                _note_pairing(connection, device_id, pairing.patient, hub.id)
            write_hub_kit(connection, keys, hub, signing, out, datetime.now(UTC))
            write_hub_file(connection, keys, hub, _broker(settings), out, settings.api_url)
    print_id(hub.id, as_json)
    _tell_broker(settings, database)


def list_hubs(as_json: JsonOption = False) -> None:
    """List hubs, when each was last heard of and how many devices it has."""
    settings = load_settings()
    with settings.database().transaction() as connection:
        rows = connection.execute(homes.HUBS).fetchall()
    remind(settings, datetime.now(UTC))
    if as_json:
        print_json(rows)
    else:
        print_table("Hubs", rows, "No hub yet; `hearthline-gateway hub add` makes one.")


def show_hub(hub: UUID, as_json: JsonOption = False) -> None:
    """Show what a hub said last of itself and its devices. Example: hub show HUB --json."""
    with load_settings().database().transaction() as connection:
        homes.find_hub(connection, hub)
        told = homes.last_told(connection, hub)
    if as_json:
        print_json(told)
    else:
        print_table("Last heard", [{k: v for k, v in told.items() if k != "devices"}], "")
        print_table("Devices", told["devices"], "It has told of no device yet.")


def pair(
    hub: UUID,
    patient: Annotated[UUID, typer.Option(help="Whose readings it takes.")],
    address: Annotated[str, typer.Option(help="Bluetooth address, as C0:FF:EE:00:00:01.")] = "",
    profile: Annotated[str, typer.Option(help="Device profile, as generic_cuff.")] = "",
    proof: Annotated[
        str, typer.Option(help="In place of both: what `hearthline-edge pair` printed.")
    ] = "",
    out: HubFolder = None,
    slot: Annotated[int | None, typer.Option(help="User slot; without: one user.")] = None,
    since: Since = None,
    as_json: JsonOption = False,
) -> None:
    """Pair a device to a hub and assign it to a patient.

    A hub that enrolled fetches its hub.toml within the hour. For one without the API, name --out,
    copy the file to it, and restart its agent. With --proof it is the patient's from the end of the
    pairing on, unless --since says another day.
    """
    if bool(proof) == bool(address or profile):
        raise WrongInput("Name the device by --proof, or by --address and --profile.")
    typed = None if proof else given.address(address)
    settings = load_settings()
    # One at a time, until the commit: hub.toml shall have what an earlier one paired.
    with locked(settings.home), settings.database().transaction() as connection:
        row = homes.find_hub(connection, hub)
        if typed is None:
            shown = proved(connection, hub, proof, datetime.now(UTC))
            new = shown.pairing(patient, slot, since and moment(since))
        else:
            new = homes.NewPairing(typed, profile, patient, slot, moment(since))
        device = homes.pair_device(connection, row, new)
        _note_pairing(connection, device, patient, hub)
        if out is not None:
            keys = SiteKeys(settings.keys)
            write_hub_file(connection, keys, row, _broker(settings), out, settings.api_url)
    print_id(device, as_json)


def _note_pairing(connection: Connection, device: UUID, patient: UUID, hub: UUID) -> None:
    name = given.somebody()
    by_operator(connection, name, "device.pair", "device", device, patient=patient, hub=hub)


def read_pairing(text: str, since: datetime) -> homes.NewPairing:
    """Read a --device. Raises WrongInput."""
    try:
        address, profile, patient, *slots = text.split(",")
        id_, slot = UUID(patient), int(slots.pop()) if slots else None
    except ValueError:
        raise WrongInput("--device is not ADDRESS,PROFILE,PATIENT or with a ,SLOT.") from None
    if slots:
        raise WrongInput("--device is not ADDRESS,PROFILE,PATIENT or with a ,SLOT.")
    return homes.NewPairing(given.address(address), profile, id_, slot, since)


def _broker(settings: Settings) -> Broker:
    return Broker(host=settings.broker_host, port=settings.broker_port)


def _tell_broker(settings: Settings, database: Database) -> None:
    try:
        update_broker(settings, database)
    except (OSError, GatewayError) as error:
        raise GatewayError(
            f"The hub is made and its folder is whole, but the broker's files are not written "
            f"({error}). Put that right and run `hearthline-gateway migrate`."
        ) from None
