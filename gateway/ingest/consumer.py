"""One shard's MQTT session: paho with manual acknowledgement, a fixed client id, a bound in flight.

The broker shall send no more than RECEIVE_MAXIMUM messages that are not acknowledged. Mosquitto
sends many more while it works off a long queue, so the inbox has a bound of its own. Who finds it
full stops reading: this process's memory is bounded by what it has not committed (docs/adr/0005).
"""

import contextlib
import queue
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.core.acceptance import Delivery
from gateway.storage.arrivals import utc

RECEIVE_MAXIMUM: Final = 200
# Receipts on their way to the broker, and waiting for it. Where a slow broker lets them pile up,
# the next ones are not sent: they are cumulative, and a hub that hears none asks by resending.
RECEIPTS_IN_FLIGHT: Final = 200
RECEIPTS_WAITING: Final = 300
# Longer than a week-end: the broker keeps what comes while every ingest process is down.
SESSION_EXPIRY_S: Final = 7 * 24 * 3600
KEEPALIVE_S: Final = 30
# How soon one that waits at a full inbox notices that it shall leave.
LOOK_EVERY_S: Final = 0.2

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Received:
    """A delivery with the means to acknowledge it."""

    delivery: Delivery
    acknowledge: Callable[[], object]


class Consumer:
    """Reads one shard; what it receives goes to `inbox` and waits for its acknowledgement."""

    def __init__(
        self, shard: str, inbox: "queue.Queue[Received]", keys: Path, host: str, port: int
    ) -> None:
        self.shard = shard
        self._inbox = inbox
        self._address = (host, port)
        self._leaving = threading.Event()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"ingest-{shard}",
            protocol=mqtt.MQTTv5,
            manual_ack=True,
        )
        self._client.tls_set_context(_context(keys, f"ingest-{shard}"))
        self._client.max_inflight_messages_set(RECEIPTS_IN_FLIGHT)
        self._client.max_queued_messages_set(RECEIPTS_WAITING)
        self._client.reconnect_delay_set(min_delay=1, max_delay=30)
        self._client.on_socket_open = _without_delay
        self._client.on_connect = self._subscribe
        self._client.on_message = self._receive
        self._client.on_disconnect = self._lost

    def start(self) -> None:
        """Connect, and go on trying; the session of an earlier process is taken over."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        self._client.connect_async(
            *self._address, keepalive=KEEPALIVE_S, clean_start=False, properties=properties
        )
        self._client.loop_start()

    def stop(self) -> None:
        """Leave; what is not acknowledged stays with the broker for the next session."""
        self._leaving.set()
        with contextlib.suppress(ValueError, OSError):
            self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, message: bytes) -> bool:
        """Send a receipt, if connected; a hub that hears none asks again by resending."""
        if not self._client.is_connected():
            return False
        return self._client.publish(topic, message, qos=1).rc == mqtt.MQTT_ERR_SUCCESS

    def _subscribe(
        self, client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        if reason.is_failure:
            log.warning("ingest_refused_by_broker", shard=self.shard, reason=str(reason))
            return
        client.subscribe(f"hl/1/{self.shard}/+/up/#", qos=1)
        log.info("ingest_connected", shard=self.shard)

    def _receive(self, client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        if message.qos == 0:
            # Not bounded by Receive Maximum, and no hub of ours sends so. Never receipted, hence
            # sent again, properly.
            log.warning("qos_0_refused", shard=self.shard)
            return
        delivery = Delivery(
            topic=message.topic,
            envelope=bytes(message.payload),
            received_at=datetime.now(UTC),
            sent_at=_sent_at(message),
        )
        mid, qos = message.mid, message.qos
        self._hand_over(Received(delivery, lambda: client.ack(mid, qos)))

    def _hand_over(self, received: Received) -> None:
        """Wait for room; nothing else is read from the broker meanwhile."""
        while not self._leaving.is_set():
            with contextlib.suppress(queue.Full):
                self._inbox.put(received, timeout=LOOK_EVERY_S)
                return

    def _lost(
        self, _client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        log.info("ingest_disconnected", shard=self.shard, reason=str(reason))


def _without_delay(_client: mqtt.Client, _data: Any, sock: Any) -> None:
    """Send receipts at once: Nagle's algorithm would hold each back for 40 ms."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _context(keys: Path, name: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(keys / "ca.crt"))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(keys / f"{name}.crt", keys / f"{name}.key")
    return context


def _sent_at(message: mqtt.MQTTMessage) -> datetime | None:
    """Read when the hub says it published: for `trace` only, since nobody signed it."""
    told = dict(getattr(message.properties, "UserProperty", ()))
    sent = told.get("sent", "")
    return utc(int(sent)) if sent.isascii() and sent.isdigit() and len(sent) < 16 else None
