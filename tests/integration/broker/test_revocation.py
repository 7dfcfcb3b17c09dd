"""A hub that is revoked while it publishes: refused, denied, off, and no way back."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from device_profiles.wire.v1 import Class, topic_up
from gateway.broker.revoke import NotOff, Revoke
from gateway.storage import homes
from gateway.storage.database import Database
from tests.fixtures.broker import RunningBroker, wait_for
from tests.fixtures.promises import Keep
from tests.fixtures.site import Site, make_site
from tests.integration.broker.revoking import Gate, Link, reading_of

STORED = "SELECT count(*) AS n FROM envelope WHERE hub_id = %s AND disposition = 'stored'"
LAST = """
SELECT coalesce(extract(epoch FROM max(e.stored_at) - r.asked_at), -1)::float AS s
FROM revocation r JOIN envelope e USING (hub_id) WHERE hub_id = %s GROUP BY r.asked_at"""
REFUSED = """
SELECT count(*) AS n FROM quarantine WHERE hub_id = %s AND reason = 'hub_not_active'"""


@pytest.fixture
def gate(embedded_database: Database, broker: RunningBroker) -> Gate:
    return Gate(embedded_database, broker)


@pytest.fixture
def stolen(gate: Gate) -> Site:
    """A hub with the certificate of today, and that of last week, which it kept."""
    site = make_site(gate.database)
    gate.certify(site.hub, "last-week")
    gate.certify(site.hub, "today")
    gate.start()
    return site


class Publisher(threading.Thread):
    """Publishes readings as fast as a busy home, whatever becomes of them."""

    def __init__(self, site: Site, link: Link) -> None:
        super().__init__(daemon=True)
        self.site, self.link, self.stop = site, link, threading.Event()

    def run(self) -> None:
        while not self.stop.wait(0.02):
            self.link.client.publish(*reading_of(self.site, 120 + self.site.seq % 60), qos=1)


@pytest.fixture
def publishing(gate: Gate, stolen: Site) -> Iterator[Link]:
    with gate.ingest(stolen), Link(gate, "today", str(stolen.hub)) as link:
        publisher = Publisher(stolen, link)
        publisher.start()
        wait_for(lambda: gate.count(STORED, stolen.hub) >= 20, "its readings are stored")
        yield link
        publisher.stop.set()
        publisher.join()


def ways_back(gate: Gate, site: Site) -> list[Link]:
    """Every way that a thief who has all of the hub's files could try."""
    name = str(site.hub)
    return [
        Link(gate, "today", name),
        Link(gate, "today", name, clean=False),
        Link(gate, "today", "another-name"),
        Link(gate, "today", ""),
        Link(gate, "today", "ingest-0"),
        Link(gate, "last-week", name),
        Link(gate, "last-week", "another-name", clean=False),
    ]


def test_a_hub_revoked_while_it_publishes_is_off_and_finds_no_way_back(
    gate: Gate, stolen: Site, publishing: Link, promise: Keep
) -> None:
    began = time.monotonic()
    steps = list(Revoke(gate.settings, gate.database, stolen.hub).run("stolen", "test"))
    assert [one.step for one in steps] == ["refused", "listed", "reloaded", "kicked", "proved"]
    denied = [at for at, reason in publishing.answers if reason == 0x87]
    off = publishing.losses[0] - began
    with gate.database.transaction() as connection:
        row = connection.execute(LAST, [stolen.hub]).fetchone()
    assert row is not None
    stored_after = max(row["s"], 0.0)
    tries = 0
    with ExitStack() as links:
        ways = [links.enter_context(link) for link in ways_back(gate, stolen)]
        wait_for(lambda: all(len(way.losses) >= 3 or way.connects for way in ways), "each tries")
        tries = sum(len(way.losses) for way in ways)
    ways_in = sum(len(way.connects) for way in ways) + len(publishing.connects) - 1
    publish_denied = (denied[0] if denied else publishing.losses[0]) - began
    promise(
        "revocation",
        data_refused_s=round(stored_after, 3),
        publish_denied_s=round(publish_denied, 3),
        off_s=round(off, 3),
        ways_tried=len(ways),
        tries=tries,
        ways_back=ways_in,
    )
    assert stored_after < 1
    assert publish_denied < 5
    assert off < 10
    assert ways_in == 0


def quickly(gate: Gate, site: Site) -> Revoke:
    """Revoke without the long look whether anybody comes back."""
    return Revoke(gate.settings, gate.database, site.hub, nobody_for_s=0.2)


def test_what_came_after_is_kept_but_never_receipted(
    gate: Gate, stolen: Site, publishing: Link
) -> None:
    revoke = quickly(gate, stolen).run("stolen", "test")
    assert next(revoke).step == "refused"
    assert publishing.losses == []
    wait_for(lambda: gate.count(REFUSED, stolen.hub) > 0, "it is refused while it is connected")
    before = gate.count(STORED, stolen.hub)
    assert [one.step for one in revoke][-1] == "proved"
    assert gate.count(STORED, stolen.hub) == before
    assert gate.count(REFUSED + " AND receipted", stolen.hub) == 0


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_a_command_killed_after_any_step_goes_on(gate: Gate, stolen: Site, steps: int) -> None:
    with Link(gate, "today", str(stolen.hub)) as link:
        wait_for(lambda: bool(link.connects), "the hub is connected")
        cut = quickly(gate, stolen).run("stolen", "test")
        for _ in range(steps):
            next(cut)
        del cut
        again = list(quickly(gate, stolen).run("again", "test"))
        assert [one.step for one in again][-1] == "proved"
        wait_for(lambda: bool(link.losses), "the hub is off")
        assert len(link.connects) == 1
    third = list(quickly(gate, stolen).run("again", "test"))
    assert third == again
    assert gate.count("SELECT count(*) AS n FROM security_event WHERE event = 'hub_revoked'") == 1
    assert gate.count("SELECT count(*) AS n FROM revocation WHERE reason = 'stolen'") == 1


def test_other_hubs_stay_connected_and_publish(gate: Gate, stolen: Site) -> None:
    other = make_site(gate.database)
    gate.certify(other.hub, "other")
    list(quickly(gate, stolen).run("stolen", "test"))
    with Link(gate, "other", str(other.hub)) as link:
        wait_for(lambda: bool(link.connects), "the other hub is connected")
        assert link.publish(topic_up(other.hub, Class.ROUTINE), b"x") in (0, 0x10)
        third = make_site(gate.database)
        list(quickly(gate, third).run("broken", "test"))
        assert link.publish(topic_up(other.hub, Class.ROUTINE), b"x") in (0, 0x10)
        assert link.losses == []


def shown(gate: Gate, site: Site) -> str:
    """Return what `hub list` says of a hub."""
    with gate.database.transaction() as connection:
        rows = connection.execute(homes.HUBS).fetchall()
    return str(next(row["state"] for row in rows if row["id"] == site.hub))


def test_a_broker_that_is_away_proves_nothing(gate: Gate, stolen: Site) -> None:
    gate.broker.kill()
    assert shown(gate, stolen) == "active"
    with pytest.raises(NotOff, match="run this again"):
        list(quickly(gate, stolen).run("stolen", "test"))
    assert shown(gate, stolen) == "revoked, not proved"
    gate.broker.start(own_files=True)
    steps = list(quickly(gate, stolen).run("stolen", "test"))
    assert steps[-1].step == "proved"
    assert shown(gate, stolen) == "revoked"


def test_a_broker_that_does_not_read_its_lists_is_told_of(gate: Gate, stolen: Site) -> None:
    """As one that is managed elsewhere, to which nobody has copied the files."""
    (gate.broker.folder / "mosquitto.pid").unlink()
    with pytest.raises(NotOff, match=r"revocation list is let in.*Copy acl and crl\.pem"):
        list(quickly(gate, stolen).run("stolen", "test"))
    assert gate.broker.process is not None
    (gate.broker.folder / "mosquitto.pid").write_text(str(gate.broker.process.pid))
    steps = list(quickly(gate, stolen).run("stolen", "test"))
    assert steps[-1].step == "proved"
