"""Makes the synthetic home of an organisation: patient, hub with its keys, cuff."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from alerting.words import template
from gateway.broker.files import update_broker
from gateway.core.shards import new_hub_id
from gateway.errors import WrongInput
from gateway.identity.files import SiteKeys
from gateway.identity.hub_kit import new_folder, write_hub_kit
from gateway.settings import Settings
from gateway.storage import homes, watchdog
from gateway.storage.database import Database
from gateway.watchdog.hub import PROFILE, SUITE, folder

NAME: Final = template("Watchdog (no person)")
ZONE: Final = "UTC"


def set_up(
    settings: Settings, database: Database, organisation: UUID, every: timedelta, now: datetime
) -> UUID:
    """Make it, or change how often it runs; return its hub. Raises NotFound."""
    with database.transaction() as connection:
        homes.must_exist(connection, "organisation", organisation)
        found = watchdog.find(connection, organisation)
        if found is not None:
            if not (folder(settings, organisation) / "signing.key").exists():
                raise WrongInput(
                    "The synthetic hub is known, but its keys are not in HEARTHLINE_HOME here."
                )
            watchdog.set_every(connection, organisation, every, now)
            return found
    hub = _make(settings, database, organisation, every, now)
    update_broker(settings, database)
    return hub


def _make(
    settings: Settings, database: Database, organisation: UUID, every: timedelta, now: datetime
) -> UUID:
    signing, kit = Ed25519PrivateKey.generate(), folder(settings, organisation)
    hub = homes.HubRow(new_hub_id(), organisation, ZONE, SUITE)
    kit.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with new_folder(kit), database.transaction() as connection:
        patient = homes.add_patient(connection, organisation, NAME, ZONE)
        homes.add_hub(connection, hub, NAME, signing.public_key().public_bytes_raw())
        new = homes.NewPairing(_address(hub.id), PROFILE, patient, None, now - timedelta(hours=1))
        device = homes.pair_device(connection, hub, new)
        write_hub_kit(connection, SiteKeys(settings.keys), hub, signing, kit, now)
        watchdog.add(connection, organisation, (hub.id, patient, device), every, now)
    return hub.id


def _address(hub: UUID) -> str:
    """Return an address that no device has: locally administered, multicast."""
    octets = bytes([0x03, *hub.bytes[:5]])
    return ":".join(f"{octet:02X}" for octet in octets)
