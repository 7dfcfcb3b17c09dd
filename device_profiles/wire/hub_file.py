"""hub.toml: all that a hub must know, written by the gateway, read by the agent.

Beside it lie ca.crt, signing.key (Ed25519, PEM) and the hub's TLS certificate with its key: in one
file, hub.pem, where the hub enrolled or renewed it; in hub.crt and hub.key as `hub add` wrote them.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from device_profiles.reading import Frozen, Octets
from device_profiles.wire.keys import Suite

Address = Annotated[str, Field(pattern=r"^([0-9A-F]{2}:){5}[0-9A-F]{2}$")]


class Broker(Frozen):
    """Where the hub publishes."""

    host: str
    port: Annotated[int, Field(gt=0, lt=65536)]


class RecipientRecord(Frozen):
    """A sealing key of the gateway; the newest valid one is used."""

    suite: Suite
    public: Octets
    not_before: AwareDatetime
    not_after: AwareDatetime


class PairedDevice(Frozen):
    """A device that this hub may listen to."""

    id: UUID
    address: Address
    profile: str


class HubFile(Frozen):
    """The whole file."""

    version: Literal[1] = 1
    hub: UUID
    organisation: UUID
    timezone: str
    broker: Broker
    api: Annotated[str, Field(pattern=r"^https://")] | None = None
    """Where the hub renews its certificate and fetches this file anew; None: nowhere."""
    recipients: Annotated[tuple[RecipientRecord, ...], Field(min_length=1)]
    receipt_keys: Annotated[tuple[Octets, ...], Field(min_length=1)]
    devices: tuple[PairedDevice, ...] = ()
