"""Ingest on a real broker and a real database: acknowledged after the commit, receipted, owned."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

import paho.mqtt.client as mqtt
import psycopg
import pytest

from device_profiles.wire.v1 import Class, read_receipt, shard, topic_down, topic_up
from gateway.ingest.consumer import Consumer, Received
from gateway.ingest.loop import Ingest, lost
from gateway.storage.database import Database
from tests.fixtures.broker import RunningBroker, heard, wait_for, wait_for_ingest
from tests.fixtures.site import Site, blood_pressure, make_site, reading_body

AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)


@pytest.fixture
def home(embedded_database: Database, broker: RunningBroker) -> Site:
    site = make_site(embedded_database)
    broker.hubs.add(site.hub)
    broker.start()
    return site


@contextmanager
def ingest(
    database: Database, broker: RunningBroker, site: Site, wait: bool = True
) -> Iterator[threading.Event]:
    stop = threading.Event()
    probe = broker.client(str(site.hub))
    consumer = partial(Consumer, keys=broker.keys.folder, host="127.0.0.1", port=broker.port)
    loop = Ingest(database, site.keys, [shard(site.hub)], consumer, stop)
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        if wait:
            wait_for_ingest(probe, topic_up(site.hub, Class.STATUS))
        probe.disconnect()
        probe.loop_stop()
        yield stop
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def stored(database: Database) -> int:
    with database.transaction() as connection:
        return len(connection.execute("SELECT 1 FROM reading").fetchall())


def publish(client: mqtt.Client, site: Site, count: int, start: int = 100) -> None:
    for n in range(start, start + count):
        delivery = site.envelope(reading_body(site, blood_pressure(n, 70, AT), AT))
        client.publish(delivery.topic, delivery.envelope, qos=1)


def receipted(site: Site, messages: list[tuple[str, bytes]]) -> Callable[[], bool]:
    key = site.keys.receipts.public_key()

    def covers_all() -> bool:
        receipts = [read_receipt(octets, topic, site.hub, key) for topic, octets in messages]
        return any(receipt.high_water == site.seq for receipt in receipts)

    return covers_all


def test_a_published_reading_is_stored_and_receipted(
    embedded_database: Database, broker: RunningBroker, home: Site
) -> None:
    with ingest(embedded_database, broker, home):
        hub = broker.client(str(home.hub))
        messages = heard(hub, topic_down(home.hub))
        publish(hub, home, 50)
        wait_for(receipted(home, messages), "all 50 are receipted")
        hub.disconnect()
        hub.loop_stop()
    assert stored(embedded_database) == 50


def test_who_finds_the_inbox_full_waits_and_can_leave(broker: RunningBroker) -> None:
    hub, inbox = uuid4(), queue.Queue[Received](5)
    broker.hubs.add(hub)
    broker.start()
    consumer = Consumer(shard(hub), inbox, broker.keys.folder, "127.0.0.1", broker.port)
    consumer.start()
    client = broker.client(str(hub))
    wait_for_ingest(client, topic_up(hub, Class.STATUS))
    for n in range(30):
        client.publish(topic_up(hub, Class.ROUTINE), bytes([n]), qos=1)
    wait_for(inbox.full, "the inbox is full")
    octets: list[bytes] = []
    while bytes([9]) not in octets:
        received = inbox.get(timeout=20)
        octets.append(received.delivery.envelope)
        received.acknowledge()
    assert octets[-10:] == [bytes([n]) for n in range(10)]
    wait_for(inbox.full, "the next ones have taken the room")
    consumer.stop()
    assert inbox.full()
    client.disconnect()
    client.loop_stop()


def test_what_came_while_ingest_was_away_waits_and_is_stored_once(
    embedded_database: Database, broker: RunningBroker, home: Site
) -> None:
    with ingest(embedded_database, broker, home):
        hub = broker.client(str(home.hub))
        publish(hub, home, 1)
        wait_for(lambda: stored(embedded_database) == 1, "the session exists")
    publish(hub, home, 30, start=120)
    with ingest(embedded_database, broker, home):
        wait_for(lambda: stored(embedded_database) == 31, "the others are stored")
    hub.disconnect()
    hub.loop_stop()


def test_a_second_process_stands_by_and_takes_over(
    embedded_database: Database, broker: RunningBroker, home: Site
) -> None:
    with ingest(embedded_database, broker, home) as first:
        hub = broker.client(str(home.hub))
        publish(hub, home, 1)
        wait_for(lambda: stored(embedded_database) == 1, "the first stores")
        with ingest(embedded_database, broker, home):
            publish(hub, home, 10, start=110)
            first.set()
            publish(hub, home, 10, start=130)
            wait_for(lambda: stored(embedded_database) == 21, "the second takes over")
    hub.disconnect()
    hub.loop_stop()


def test_ingest_survives_the_loss_of_its_database_connection(
    embedded_database: Database, broker: RunningBroker, home: Site
) -> None:
    with ingest(embedded_database, broker, home):
        hub = broker.client(str(home.hub))
        publish(hub, home, 1)
        wait_for(lambda: stored(embedded_database) == 1, "the first is stored")
        with psycopg.connect(embedded_database.url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                " AND pid <> pg_backend_pid() AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        publish(hub, home, 10, start=120)
        wait_for(lambda: stored(embedded_database) == 11, "the others follow")
    hub.disconnect()
    hub.loop_stop()


def test_an_idle_owner_notices_that_its_locks_are_gone(
    embedded_database: Database, broker: RunningBroker, home: Site
) -> None:
    holders = (
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    with (
        ingest(embedded_database, broker, home),
        psycopg.connect(embedded_database.url, autocommit=True) as admin,
    ):
        (before,) = admin.execute(holders).fetchone() or (0,)
        admin.execute("SELECT pg_terminate_backend(%s)", [before])
        wait_for(
            lambda: admin.execute(holders).fetchone() not in (None, (before,)),
            "the shard is owned by a new connection, without any message",
        )


def test_qos_0_is_refused_and_the_rest_flows(
    embedded_database: Database, broker: RunningBroker, home: Site
) -> None:
    with ingest(embedded_database, broker, home):
        hub = broker.client(str(home.hub))
        for _ in range(500):
            hub.publish(topic_up(home.hub, Class.ROUTINE), b"x" * 1000, qos=0)
        publish(hub, home, 5)
        wait_for(lambda: stored(embedded_database) == 5, "the honest ones are stored")
        hub.disconnect()
        hub.loop_stop()
    with embedded_database.transaction() as connection:
        reasons = connection.execute("SELECT reason, octet_length(envelope) AS n FROM quarantine")
        assert all(row["n"] != 1000 for row in reasons)


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.errors.DiskFull(), True),
        (psycopg.errors.ConnectionFailure(), True),
        (psycopg.OperationalError(), True),
        (psycopg.errors.ProgramLimitExceeded(), False),
        (psycopg.errors.DeadlockDetected(), False),
        (psycopg.errors.NumericValueOutOfRange(), False),
        (KeyError(), False),
    ],
)
def test_only_the_servers_own_errors_mean_that_it_is_away(error: Exception, away: bool) -> None:
    assert lost(error) is away


def test_a_hub_cannot_write_or_read_for_another(
    embedded_database: Database, broker: RunningBroker, home: Site
) -> None:
    other = make_site(embedded_database)
    broker.hubs.add(other.hub)
    broker.kill()
    broker.start()
    with ingest(embedded_database, broker, home):
        thief = broker.client(str(other.hub))
        overheard = heard(thief, "#")
        delivery = home.envelope(reading_body(home, blood_pressure(120, 70, AT), AT))
        refused = thief.publish(delivery.topic, delivery.envelope, qos=1)
        refused.wait_for_publish(10)
        hub = broker.client(str(home.hub))
        publish(hub, home, 1, start=150)
        wait_for(lambda: stored(embedded_database) == 1, "the honest one is stored")
        for client in (thief, hub):
            client.disconnect()
            client.loop_stop()
    assert overheard == []
    assert stored(embedded_database) == 1


def test_what_people_said_of_a_held_reading_is_done_without_a_message(
    embedded_database: Database, broker: RunningBroker, home: Site
) -> None:
    reading = blood_pressure(120, 70, AT, user=2)
    with embedded_database.transaction() as connection:
        connection.execute("UPDATE assignment SET user_slot = 1")
    home.accept(embedded_database, [home.envelope(reading_body(home, reading, AT))])
    with ingest(embedded_database, broker, home, wait=False):
        with embedded_database.transaction() as connection:
            connection.execute("UPDATE assignment SET user_slot = 2")
            connection.execute("UPDATE quarantine SET again_at = now(), again_by = 'Bea'")
        wait_for(lambda: stored(embedded_database) == 1, "the held reading is taken")
