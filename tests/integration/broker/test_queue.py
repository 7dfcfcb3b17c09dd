"""What waits at the broker for an ingest that is away: 1,000 messages are not the limit."""

import ssl
import threading
from typing import Any
from uuid import uuid4

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from device_profiles.wire.v1 import Class, shard, topic_up
from tests.fixtures.broker import RunningBroker, wait_for

COUNT = 3000


def ingest_session(broker: RunningBroker, name: str, taken: list[bytes]) -> mqtt.Client:
    """Connect as ingest does, to a session that stays."""
    keys = broker.keys.folder
    context = ssl.create_default_context(cafile=str(keys / "ca.crt"))
    context.load_cert_chain(keys / f"{name}.crt", keys / f"{name}.key")
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
    client.tls_set_context(context)
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 3600
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()

    def on_message(_client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        taken.append(bytes(message.payload[:4]))

    client.on_message = on_message
    client.on_connect = lambda *_: _subscribe(client, name)
    client.connect("127.0.0.1", broker.port, clean_start=False, properties=properties)
    client.loop_start()
    assert subscribed.wait(20)
    return client


def _subscribe(client: mqtt.Client, name: str) -> None:
    client.subscribe(f"hl/1/{name[-1]}/+/up/#", qos=1)


def test_all_that_came_while_ingest_was_away_is_delivered(broker: RunningBroker) -> None:
    hub = uuid4()
    broker.hubs.add(hub)
    broker.start()
    taken: list[bytes] = []
    ingest = ingest_session(broker, f"ingest-{shard(hub)}", taken)
    ingest.disconnect()
    ingest.loop_stop()
    publisher, answers = broker.client(str(hub)), [0]

    def answered(*_: object) -> None:
        answers[0] += 1

    publisher.on_publish = answered
    for n in range(COUNT):
        publisher.publish(topic_up(hub, Class.ROUTINE), n.to_bytes(4, "big") * 400, qos=1)
    wait_for(lambda: answers[0] == COUNT, "the broker has taken all")
    again = ingest_session(broker, f"ingest-{shard(hub)}", taken)
    wait_for(lambda: len(taken) >= COUNT, "all are delivered")
    assert taken == [n.to_bytes(4, "big") for n in range(COUNT)]
    for client in (again, publisher):
        client.disconnect()
        client.loop_stop()
