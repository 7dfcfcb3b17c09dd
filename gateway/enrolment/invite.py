"""Invitations: a hub is registered, and a technician gets a token that makes a box that hub."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography import x509

from device_profiles.wire.enrolment import TOKEN_OCTETS, Invitation, token_hash
from gateway.errors import Conflict
from gateway.identity.requests import spki_octets
from gateway.storage import enrolments, homes
from gateway.storage.certificates import revoke_certificates
from gateway.storage.database import Connection
from gateway.storage.homes import HubRow

LIFE: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Door:
    """Where hubs knock, and by what they know that it is the right door."""

    url: str
    authority: bytes
    """The site's CA, PEM."""

    @property
    def pin(self) -> bytes:
        """Return SHA-256 of the CA's public key."""
        authority = x509.load_pem_x509_certificate(self.authority)
        return hashlib.sha256(spki_octets(authority)).digest()


def invite(
    connection: Connection,
    door: Door,
    hub: HubRow,
    name: str,
    devices: Sequence[homes.NewPairing],
    by: str,
    now: datetime,
) -> Invitation:
    """Register a hub with its devices; return its invitation."""
    homes.must_exist(connection, "organisation", hub.organisation)
    enrolments.add_invited_hub(connection, hub, name)
    for device in devices:
        homes.pair_device(connection, hub, device)
    return new_token(connection, door, hub.id, by, now)


def invite_again(
    connection: Connection, door: Door, hub: UUID, by: str, now: datetime
) -> Invitation:
    """Give a hub that is registered already a new token: the first was not used or went astray, or
    its certificate has been expired for too long. Raises Conflict for one that was shut out.

    A box that has been confirmed stays that hub: only its own signing key may use the token.
    """
    found = enrolments.lock_hub(connection, hub)
    if found.state in ("revoked", "suspended"):
        raise Conflict(f"The hub is {found.state}; `hub replace` gives its place to another box.")
    if found.state == "enrolled":
        revoke_certificates(connection, hub, "invited_again", now)
        connection.execute(enrolments.INVITED_AGAIN, [hub])
    return new_token(connection, door, hub, by, now)


def new_token(connection: Connection, door: Door, hub: UUID, by: str, now: datetime) -> Invitation:
    """Make a token, of which only the hash is kept."""
    token = secrets.token_bytes(TOKEN_OCTETS)
    enrolments.add_token(connection, hub, token_hash(token), by, now, now + LIFE)
    return Invitation(url=door.url, token=token, pin=door.pin, hub=hub)
