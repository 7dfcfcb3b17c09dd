"""A gateway whose broker, database and ingest are real, and hubs with certificates on record."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from device_profiles.wire.v1 import shard
from gateway.broker.files import write_broker_files
from gateway.identity.authority import issue_client
from gateway.identity.files import write_credential
from gateway.ingest.consumer import Consumer
from gateway.ingest.loop import Ingest
from gateway.settings import Settings
from gateway.storage.certificates import record_certificate
from gateway.storage.database import Database
from tests.fixtures.broker import DEADLINE_S, RunningBroker
from tests.fixtures.site import Site, blood_pressure, reading_body

AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)


@dataclass
class Gate:
    """The gateway as its commands see it."""

    database: Database
    broker: RunningBroker

    @property
    def settings(self) -> Settings:
        return Settings(
            home=self.broker.folder.parent,
            database_url=self.database.url,
            broker_port=self.broker.port,
        )

    def start(self) -> None:
        """Start Mosquitto with the files that the gateway writes."""
        write_broker_files(self.settings, self.database)
        self.broker.start(own_files=True)

    def certify(self, hub: UUID, name: str, life: timedelta = timedelta(days=7)) -> None:
        """Give a hub a certificate, on record, as NAME.crt and NAME.key."""
        now = datetime.now(UTC)
        credential = issue_client(self.broker.keys.authority(), str(hub), now, life)
        write_credential(self.broker.keys.folder, name, credential)
        with self.database.transaction() as connection:
            record_certificate(connection, hub, credential.certificate, "kit", now)

    @contextmanager
    def ingest(self, *sites: Site) -> Iterator[None]:
        """Run ingest for these homes."""
        stop, first = threading.Event(), sites[0]
        consumer = partial(
            Consumer, keys=self.broker.keys.folder, host="127.0.0.1", port=self.broker.port
        )
        shards = sorted({shard(site.hub) for site in sites})
        thread = threading.Thread(
            target=Ingest(self.database, first.keys, shards, consumer, stop).run
        )
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(20)

    def count(self, query: str, *given: Any) -> int:
        with self.database.transaction() as connection:
            row = connection.execute(query, given).fetchone()
        assert row is not None
        return int(row["n"])


@dataclass
class Link:
    """A hub's connection as its agent has it, with what the broker answered and when."""

    gate: Gate
    certificate: str
    name: str
    clean: bool = True
    answers: list[tuple[float, int]] = field(default_factory=list)
    connects: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        keys = self.gate.broker.keys.folder
        context = ssl.create_default_context(cafile=str(keys / "ca.crt"))
        context.load_cert_chain(keys / f"{self.certificate}.crt", keys / f"{self.certificate}.key")
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=self.name, protocol=mqtt.MQTTv5
        )
        self.client.tls_set_context(context)
        self.client.reconnect_delay_set(min_delay=1, max_delay=1)
        self.client.on_connect = self._connected
        self.client.on_publish = self._answered
        self.client.on_disconnect = lambda *_: self.losses.append(time.monotonic())

    def start(self) -> "Link":
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 0 if self.clean else 3600
        self.client.connect_async(
            "127.0.0.1", self.gate.broker.port, clean_start=self.clean, properties=properties
        )
        self.client.loop_start()
        return self

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def __enter__(self) -> "Link":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def publish(self, topic: str, message: bytes) -> int:
        """Publish and wait for the broker's answer, at most a while; -1 where none comes."""
        before = len(self.answers)
        self.client.publish(topic, message, qos=1)
        end = time.monotonic() + DEADLINE_S
        while len(self.answers) == before and time.monotonic() < end:
            if self.losses:
                return -1
            time.sleep(0.005)
        return self.answers[-1][1]

    def _connected(self, _client: Any, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
        if not reason.is_failure:
            self.connects.append(time.monotonic())

    def _answered(self, _client: Any, _data: Any, _mid: int, reason: Any, _more: Any) -> None:
        self.answers.append((time.monotonic(), reason.value))


def reading_of(site: Site, systolic: int) -> tuple[str, bytes]:
    """Return the next envelope of a hub, with its topic."""
    at = AT + timedelta(seconds=site.seq)
    delivery = site.envelope(reading_body(site, blood_pressure(systolic, 70, at), at))
    return delivery.topic, delivery.envelope
