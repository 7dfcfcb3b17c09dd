"""A hub's life in simulated time: the real files, the real gateway and database, no network.

TLS would check certificates by the clock of this machine; here `Checked` checks what TLS does, by
the simulated one. A crash is an exception that no code of ours may catch.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.wire.enrolment import (
    CertificateAnswer,
    HubFiles,
    RecoverRequest,
    RenewRequest,
)
from device_profiles.wire.hub_file import Broker, HubFile
from edge_agent.errors import ConnectionLost
from edge_agent.identity.api import GatewayRefused, GatewayUnavailable
from edge_agent.identity.durable import Durable
from edge_agent.identity.keys import private_pem
from edge_agent.identity.login import AUTHORITY, CURRENT, NEXT, Login, shown_files
from edge_agent.identity.renew import Renewal
from gateway.errors import AuthorityUnavailable, GatewayError
from gateway.identity.own import OwnAuthority
from tests.fixtures.hub import make_kit
from tests.integration.enrolment.parts import Box, Office


class Crash(BaseException):
    """The power is gone."""


@dataclass
class Fate:
    """Where the next crash is: before the n-th step from now; None: nowhere."""

    left: int | None = None
    crashed_at: set[str] = field(default_factory=set)

    def step(self, name: str) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            self.left = None
            self.crashed_at.add(name)
            raise Crash(name)


@dataclass
class SometimesAway:
    """The site's CA, which is away between two moments."""

    own: OwnAuthority
    since: datetime
    until: datetime

    def certify(
        self, request: x509.CertificateSigningRequest, hub: UUID, now: datetime, *, again: bool
    ) -> bytes:
        if self.since <= now < self.until:
            raise AuthorityUnavailable
        return self.own.certify(request, hub, now, again=again)

    def anchors(self) -> bytes:
        return self.own.anchors()


@dataclass
class Life:
    """One hub, its clock, and the gateway that it speaks to."""

    office: Office
    folder: Durable
    box: Box
    hub_file: HubFile
    now: datetime
    fate: Fate

    def certificate(self, path: Path) -> x509.Certificate:
        return x509.load_pem_x509_certificate(path.read_bytes())

    def serves(self, certificate: x509.Certificate) -> bool:
        """Say what TLS says: signed by our CA, and in its time."""
        certificate.verify_directly_issued_by(
            x509.load_pem_x509_certificate(self.office.ca.certificate)
        )
        return certificate.not_valid_before_utc <= self.now < certificate.not_valid_after_utc

    def renew(self) -> bool:
        """Run what the child process runs; say whether there is a new certificate."""
        signing: Ed25519PrivateKey = self.box.signing
        work = Renewal(
            self.folder, self.hub_file, signing, lambda shown: Checked(self, shown=shown)
        )
        with suppress(ConnectionLost, GatewayRefused):
            return work.renew(self.now)
        return False

    def connect(self, login: Login) -> bool:
        """Try the broker as the agent does: whatever it shows, twice at most."""
        for _ in range(2):
            login.context()
            shown = login._shown  # what the broker would see
            if self.serves(self.certificate(self.folder.path / shown)):
                login.worked()
                return True
        return False


@dataclass
class Checked:
    """The gateway's API without a network. Replies can be lost: a step lies after each call."""

    life: Life
    shown: bool

    def nonce(self) -> bytes:
        return self.life.office.nonces.new(self.life.now)

    def renew(self, request: RenewRequest) -> CertificateAnswer:
        certificate = self.life.certificate(shown_files(self.life.folder)[0])
        if not self.shown or not self.life.serves(certificate):
            raise GatewayUnavailable("TLS")
        return self._answer(
            lambda: self.life.office.renewal.renew(certificate, request, self.life.now)
        )

    def recover(self, request: RecoverRequest) -> CertificateAnswer:
        return self._answer(lambda: self.life.office.renewal.recover(request, self.life.now))

    def files(self) -> HubFiles:
        raise GatewayUnavailable

    def _answer(self, call: Callable[[], CertificateAnswer]) -> CertificateAnswer:
        self.life.fate.step("before the gateway")
        with as_the_hub_sees_it():
            answer = call()
        self.life.fate.step("reply lost")
        return answer


@contextmanager
def as_the_hub_sees_it() -> Iterator[None]:
    try:
        yield
    except GatewayError as error:
        if error.status >= 500:
            raise GatewayUnavailable from None
        raise GatewayRefused(error.status, error.code, str(error)) from None


def begin(office: Office, path: Path, now: datetime) -> Life:
    """Return a hub that has just enrolled."""
    fate, invitation = Fate(), office.invite(now)
    box = Box.new(invitation.hub)
    answer = office.enrol(box, invitation.token, now)
    with office.database.transaction() as connection:
        connection.execute("UPDATE hub SET state = 'active' WHERE id = %s", [box.hub])
    folder = Durable(path, fate.step)
    folder.keep(AUTHORITY, office.ca.certificate)
    folder.keep(CURRENT, box.tls.certified(answer.certificate))
    folder.keep("signing.key", private_pem(box.signing))
    hub_file = make_kit(1).hub_file.model_copy(
        update={"hub": box.hub, "broker": Broker(host="127.0.0.1", port=1)}
    )
    return Life(office, folder, box, hub_file, now, fate)


@dataclass
class Year:
    """What happened."""

    renewals: int = 0
    crashes: int = 0
    recovered: int = 0
    longest_without: timedelta = timedelta()


def live(
    life: Life, days: int, every: timedelta, chance: random.Random, *, off_at: int | None = None
) -> Year:
    """Let a hub live: each turn it connects and looks for its renewal, and crashes at some step.

    Each renewal has its crash one step later than the last one; `off_at`: the day on which the hub
    is unplugged, for ten days.
    """
    year, end, crash_at = Year(), life.now + timedelta(days=days), 0
    connected, begun = life.now, life.now
    while life.now < end:
        life.now += every + timedelta(seconds=chance.randrange(300))
        if off_at is not None and life.now - begun > timedelta(days=off_at):
            life.now += timedelta(days=10)
            connected, off_at = life.now, None
        for attempt in (1, 2):  # it comes up again at once after a crash
            life.fate.left = crash_at if attempt == 1 else None
            try:
                if life.connect(Login(life.folder)):
                    connected = life.now
                if life.renew():
                    year.renewals += 1
                life.connect(Login(life.folder))
                break
            except Crash:
                year.crashes += 1
                crash_at += 1
        if life.fate.left is not None and life.fate.left < crash_at:
            crash_at = 0  # a whole renewal went by with fewer steps: begin again
        year.longest_without = max(year.longest_without, life.now - connected)
    year.recovered = life.office.events(life.box.hub).count("expired_hub_recovered")
    return year


__all__ = ["NEXT", "Crash", "Life", "SometimesAway", "Year", "begin", "live"]
