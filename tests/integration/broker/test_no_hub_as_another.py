"""No hub acts as another: topic, client id, certificate, organisation; every pair is tried."""

import itertools
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from device_profiles.wire.keys import RecipientPrivate, Suite
from device_profiles.wire.v1 import Class, topic_down, topic_up
from gateway.core.acceptance import Reason
from gateway.identity.authority import issue_client, make_authority
from gateway.identity.files import write_credential
from gateway.ingest.batch import Keys
from gateway.storage.database import Database
from tests.fixtures.broker import RunningBroker, heard, wait_for
from tests.fixtures.promises import Keep
from tests.fixtures.site import Site, blood_pressure, make_site, reading_body
from tests.integration.broker.revoking import AT, Gate, Link

DENIED = 0x87
OF_HUB = "SELECT count(*) AS n FROM envelope WHERE hub_id = %s AND disposition = 'stored'"


@dataclass
class Street:
    """Three hubs of two organisations at one broker."""

    gate: Gate
    hubs: list[Site]

    def name(self, site: Site) -> str:
        return f"hub-{self.hubs.index(site)}"

    def pairs(self) -> list[tuple[Site, Site]]:
        return list(itertools.permutations(self.hubs, 2))

    def stored(self) -> int:
        return sum(self.gate.count(OF_HUB, site.hub) for site in self.hubs)


@pytest.fixture
def street(embedded_database: Database, broker: RunningBroker) -> Iterator[Street]:
    first = make_site(embedded_database)
    hubs = [first, make_site(embedded_database, first.organisation), make_site(embedded_database)]
    recipients = {kid: key for site in hubs for kid, key in site.keys.recipients.items()}
    for site in hubs:
        site.keys = Keys(recipients, hubs[0].keys.receipts)
    street = Street(Gate(embedded_database, broker), hubs)
    for site in hubs:
        street.gate.certify(site.hub, street.name(site))
    street.gate.start()
    with street.gate.ingest(*hubs):
        for site in hubs:
            _until_ingest_listens(street, site)
        yield street


def _until_ingest_listens(street: Street, site: Site) -> None:
    topic = topic_up(site.hub, Class.STATUS)
    with Link(street.gate, street.name(site), str(site.hub)) as link:
        wait_for(lambda: bool(link.connects), "connected")
        wait_for(lambda: link.publish(topic, b"?") == 0, "ingest listens")


def envelope(site: Site, n: int, **place: object) -> tuple[str, bytes]:
    at = AT + timedelta(seconds=n)
    delivery = site.envelope(reading_body(site, blood_pressure(120, 70, at), at), **place)
    return delivery.topic, delivery.envelope


def test_no_hub_acts_as_another(street: Street, promise: Keep) -> None:
    tries = successes = evicted = 0
    for thief, victim in street.pairs():
        topics = [topic_up(victim.hub, class_) for class_ in Class]
        topics += [topic_down(victim.hub), topic_up(victim.hub, Class.ALERT) + "/x"]
        # Its own certificate, under its own and under the other's client id, on every topic.
        with Link(street.gate, street.name(victim), str(victim.hub)) as honest:
            wait_for(lambda: bool(honest.connects), "the victim is connected")
            for client_id, topic in itertools.product((str(thief.hub), str(victim.hub)), topics):
                with Link(street.gate, street.name(thief), client_id) as link:
                    wait_for(lambda: bool(link.connects), "an answer")
                    tries += 1
                    successes += link.publish(topic, envelope(victim, tries)[1]) != DENIED
            evicted += len(honest.losses)
    listened = [_overhear(street, thief, victim) for thief, victim in street.pairs()]
    before = street.stored()
    spliced = [
        _splice(street, thief, victim, n) for n, (thief, victim) in enumerate(street.pairs())
    ]
    strangers = _strangers(street)
    promise(
        "hub-as-another",
        publish_tries=tries,
        listened=len(listened),
        splices=sum(count for count, _ in spliced),
        strangers=len(strangers),
        successes=successes + evicted + sum(listened) + sum(strangers) + street.stored() - before,
    )
    assert successes == 0
    assert evicted == 0
    assert not any(listened)
    assert not any(strangers)
    assert street.stored() == before
    assert all(seen for _, seen in spliced)


def _overhear(street: Street, thief: Site, victim: Site) -> int:
    """Subscribe to all that is the other's; return how many messages came."""
    with Link(street.gate, street.name(thief), str(victim.hub)) as link:
        wait_for(lambda: bool(link.connects), "connected")
        came = [heard(link.client, topic) for topic in ("#", topic_down(victim.hub), "+/+/+/+/#")]
        with Link(street.gate, street.name(victim), str(victim.hub)) as other:
            wait_for(lambda: bool(other.connects), "connected")
            own = heard(other.client, topic_down(victim.hub))
            other.client.publish(*envelope(victim, 900), qos=1)
            wait_for(lambda: bool(own), "its owner hears the receipt")
        return sum(len(messages) for messages in came)


def _splice(street: Street, thief: Site, victim: Site, n: int) -> tuple[int, bool]:
    """Publish on the thief's own topics what names the other hub or organisation; the broker lets
    it pass, ingest must not. Say how many were sent, and whether all were set aside."""
    own = topic_up(thief.hub, Class.ROUTINE)
    messages = [
        envelope(victim, 500 + n)[1],
        envelope(thief, 600 + n, hub=victim.hub, seq=10_000 + n)[1],
        envelope(thief, 700 + n, organisation=_other(street, thief), seq=20_000 + n)[1],
    ]
    held = "SELECT count(*) AS n FROM quarantine WHERE envelope = ANY(%s) AND NOT receipted"
    with Link(street.gate, street.name(thief), str(thief.hub)) as link:
        wait_for(lambda: bool(link.connects), "connected")
        for message in messages:
            assert link.publish(own, message) == 0
        wait_for(lambda: street.gate.count(held, messages) == len(messages), "all set aside")
    return len(messages), True


def _other(street: Street, site: Site) -> object:
    return next(one.organisation for one in street.hubs if one.organisation != site.organisation)


def _strangers(street: Street) -> list[bool]:
    """Certificates that are no hub's: of another CA in a hub's name, expired, and none at all."""
    keys, now = street.gate.broker.keys.folder, datetime.now(UTC)
    victim = str(street.hubs[0].hub)
    foreign = make_authority("Hearthline site CA", now)
    write_credential(keys, "foreign", issue_client(foreign, victim, now, timedelta(days=7)))
    past = now - timedelta(days=30)
    expired = issue_client(street.gate.broker.keys.authority(), victim, past, timedelta(days=7))
    write_credential(keys, "expired", expired)
    found = []
    for name in ("foreign", "expired"):
        with Link(street.gate, name, victim) as link:
            wait_for(lambda: len(link.losses) >= 2 or bool(link.connects), "refused")
            found.append(bool(link.connects))
    found.append(_connects_without(keys, street.gate.broker.port))
    return found


def _connects_without(keys: Path, port: int) -> bool:
    context = ssl.create_default_context(cafile=str(keys / "ca.crt"))
    try:
        with (
            socket.create_connection(("127.0.0.1", port), 5) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
        ):
            secure.settimeout(5)
            return secure.recv(1) != b""
    except OSError:
        return False


def test_a_hub_cannot_weaken_its_suite(embedded_database: Database) -> None:
    site = make_site(embedded_database)
    with embedded_database.transaction() as connection:
        connection.execute("UPDATE hub SET suite = 2")
    strong = RecipientPrivate.generate(Suite.MLKEM768_X25519)
    site.keys = Keys({**site.keys.recipients, strong.public().kid: strong}, site.keys.receipts)
    at = AT
    weak = site.envelope(reading_body(site, blood_pressure(120, 70, at), at))
    outcome = site.accept(embedded_database, [weak])
    assert outcome.quarantined == {Reason.SUITE_DOWNGRADE: 1}
    assert outcome.receipts == []
    site.recipient = strong
    assert site.accept(
        embedded_database, [site.envelope(reading_body(site, blood_pressure(121, 70, at), at))]
    ).stored
