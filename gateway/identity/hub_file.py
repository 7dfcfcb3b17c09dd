"""hub.toml as the gateway writes it: public keys, and what the database has of the hub."""

from typing import Any

import tomli_w

from device_profiles.wire.hub_file import Broker, HubFile
from gateway.identity.public import PublicKeys
from gateway.storage import homes
from gateway.storage.database import Connection
from gateway.storage.homes import HubRow


def hub_file(
    connection: Connection, public: PublicKeys, hub: HubRow, broker: Broker, api: str | None
) -> HubFile:
    """Return what a hub must know, as the database has it now."""
    return HubFile(
        hub=hub.id,
        organisation=hub.organisation,
        timezone=hub.timezone,
        broker=broker,
        api=api,
        recipients=public.of_suite(hub.suite),
        receipt_keys=public.receipt_keys,
        devices=homes.paired_devices(connection, hub.id),
    )


def hub_file_text(content: HubFile) -> str:
    """Return hub.toml."""
    return tomli_w.dumps(_plain(content.model_dump(mode="json")))


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """TOML knows no null."""
    return {key: item for key, item in value.items() if item is not None}
