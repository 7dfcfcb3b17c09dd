"""A gateway's enrolment in a database, and boxes that want to be hubs, in a time of the test's."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.wire.enrolment import (
    CertificateAnswer,
    EnrolRequest,
    Invitation,
    enrol_message,
    six_digits,
)
from device_profiles.wire.keys import Suite
from edge_agent.identity.keys import TlsKey, make_tls_key
from gateway.enrolment.confirm import confirm
from gateway.enrolment.enrol import Enrolment
from gateway.enrolment.invite import Door, invite, invite_again
from gateway.enrolment.nonces import Nonces
from gateway.enrolment.renew import Renewal
from gateway.identity.authority import Credential, make_authority
from gateway.identity.own import OwnAuthority
from gateway.ports import HubAuthority
from gateway.storage import homes
from gateway.storage.database import Database

START = datetime(2026, 1, 1, 8, tzinfo=UTC)


@dataclass
class Box:
    """A box with keys of its own."""

    hub: UUID
    tls: TlsKey
    signing: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @classmethod
    def new(cls, hub: UUID) -> "Box":
        return cls(hub, make_tls_key(hub))

    @property
    def public(self) -> bytes:
        return self.signing.public_key().public_bytes_raw()

    def digits(self) -> str:
        return six_digits(self.tls.spki(), self.public)

    def request(self, token: bytes, nonce: bytes) -> EnrolRequest:
        return EnrolRequest(
            hub=self.hub,
            token=token,
            csr=self.tls.csr,
            signing_key=self.public,
            nonce=nonce,
            proof=self.signing.sign(enrol_message(token, self.tls.csr, nonce)),
        )


@dataclass
class Office:
    """The gateway's side."""

    database: Database
    ca: Credential
    authority: HubAuthority
    organisation: UUID
    nonces: Nonces = field(default_factory=lambda: Nonces(secrets.token_bytes(32)))

    @property
    def door(self) -> Door:
        return Door("https://127.0.0.1:8443", self.ca.certificate)

    @property
    def enrolment(self) -> Enrolment:
        return Enrolment(self.database, self.authority, self.nonces)

    @property
    def renewal(self) -> Renewal:
        return Renewal(self.database, self.authority, self.nonces)

    def invite(self, now: datetime = START) -> Invitation:
        hub = homes.HubRow(uuid4(), self.organisation, "UTC", Suite.X25519)
        with self.database.transaction() as connection:
            return invite(connection, self.door, hub, "A hub", [], "tester", now)

    def reinvite(self, hub: UUID, now: datetime = START) -> Invitation:
        with self.database.transaction() as connection:
            return invite_again(connection, self.door, hub, "tester", now)

    def enrol(self, box: Box, token: bytes, now: datetime = START) -> CertificateAnswer:
        return self.enrolment.enrol(box.request(token, self.nonces.new(now)), now)

    def active_box(self, now: datetime = START) -> Box:
        """Return a box that is a hub."""
        invitation = self.invite(now)
        box = Box.new(invitation.hub)
        self.enrol(box, invitation.token, now)
        confirm(self.database, box.hub, box.digits(), "tester", now)
        return box

    def state(self, hub: UUID) -> str:
        with self.database.transaction() as connection:
            row = connection.execute("SELECT state FROM hub WHERE id = %s", [hub]).fetchone()
        assert row is not None
        return str(row["state"])

    def certificates(self, hub: UUID) -> int:
        """Return how many were ever issued."""
        with self.database.transaction() as connection:
            found = connection.execute("SELECT 1 FROM certificate WHERE hub_id = %s", [hub])
            return len(found.fetchall())

    def events(self, hub: UUID) -> list[str]:
        with self.database.transaction() as connection:
            rows = connection.execute(
                "SELECT event FROM security_event WHERE hub_id = %s ORDER BY id", [hub]
            ).fetchall()
        return [row["event"] for row in rows]


def make_office(database: Database, now: datetime = START) -> Office:
    ca = make_authority("Test CA", now - timedelta(days=1))
    with database.transaction() as connection:
        organisation = homes.add_organisation(connection, "Test clinic")
    return Office(database, ca, OwnAuthority(ca), organisation)


__all__ = ["START", "Box", "Office", "make_office"]
