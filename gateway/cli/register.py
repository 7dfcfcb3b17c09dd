"""`register`: many homes at once, from a file; each gets its hub's folder."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.wire.hub_file import Broker
from gateway.audit.operators import by_operator
from gateway.broker.files import update_broker
from gateway.cli import given
from gateway.cli.output import JsonOption, print_json
from gateway.cli.registration import NewHome, Registration, read
from gateway.core.shards import new_hub_id
from gateway.identity.files import SiteKeys
from gateway.identity.hub_kit import new_folder, write_hub_file, write_hub_kit
from gateway.settings import Settings, load_settings
from gateway.storage import homes
from gateway.storage.database import Connection


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("register")(register_homes)


def register_homes(
    file: Path,
    out: Annotated[Path, typer.Option(help="A folder for the hubs' folders, named as the homes.")],
    as_json: JsonOption = False,
) -> None:
    """Register homes, people, devices and hubs from a file. Example: register ward.yaml --out hubs.

    An organisation of that name is made. All of it is done, or nothing.
    """
    told, settings = read(file), load_settings()
    database = settings.database()
    with ExitStack() as folders:
        for home in told.homes:
            folders.enter_context(new_folder(out / home.name))
        with database.transaction() as connection:
            done = _register(connection, settings, told, out)
    update_broker(settings, database)
    if as_json:
        print_json(done)
    else:
        print(f"{len(told.homes)} homes in {out}; copy each folder to its hub's /etc/hearthline")


def _register(
    connection: Connection, settings: Settings, told: Registration, out: Path
) -> dict[str, Any]:
    organisation = homes.add_organisation(connection, told.organisation)
    start = told.start(datetime.now(UTC))
    made = [
        _home(connection, settings, organisation, home, start, out / home.name)
        for home in told.homes
    ]
    return {"organisation": organisation, "homes": made}


def _home(
    connection: Connection,
    settings: Settings,
    organisation: UUID,
    home: NewHome,
    start: datetime,
    folder: Path,
) -> dict[str, Any]:
    keys, signing = SiteKeys(settings.keys), Ed25519PrivateKey.generate()
    hub = homes.HubRow(new_hub_id(), organisation, home.timezone, home.suite)
    people = {
        name: homes.add_patient(connection, organisation, name, home.timezone)
        for name in home.people
    }
    homes.add_hub(connection, hub, home.name, signing.public_key().public_bytes_raw())
    for patient in people.values():
        by_operator(connection, given.somebody(), "patient.register", "patient", patient)
    devices = {
        device.address: homes.pair_device(
            connection,
            hub,
            homes.NewPairing(
                device.address, device.profile, people[device.person], device.slot, start
            ),
        )
        for device in home.devices
    }
    write_hub_kit(connection, keys, hub, signing, folder, datetime.now(UTC))
    broker = Broker(host=settings.broker_host, port=settings.broker_port)
    write_hub_file(connection, keys, hub, broker, folder, settings.api_url)
    return {"name": home.name, "hub": hub.id, "people": people, "devices": devices}
