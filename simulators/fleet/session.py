"""One hub's MQTT 5 session by paho, driven from outside: a thousand of them need no thread.

As the real hub's: its own certificate and client id, clean start, subscribed before it publishes.
"""

import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final, cast

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from device_profiles.wire.v1 import topic_down
from simulators.fleet.home import Home

# Many hubs are asked in turn, on a busy machine.
KEEPALIVE_S: Final = 120
# More than a hub ever has under way: paho must not queue by itself.
IN_FLIGHT: Final = 2000


class Session:
    """A connection that is made, used and lost; `heard` is called with what comes down."""

    def __init__(self, home: Home, tls: ssl.SSLContext, heard: Callable[[bytes], None]) -> None:
        self._topic = topic_down(home.hub)
        self._address = home.address
        self._heard = heard
        self.ready = False
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=str(home.hub), protocol=mqtt.MQTTv5
        )
        self._client.tls_set_context(tls)
        self._client.max_inflight_messages_set(IN_FLIGHT)
        self._client.on_socket_open = _without_delay
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._message

    def open(self) -> socket.socket:
        """Connect, up to the end of the TLS handshake. Raises OSError."""
        host, port = self._address
        self._client.connect(host, port, keepalive=KEEPALIVE_S, clean_start=True)
        return cast("socket.socket", self._client.socket())

    @property
    def connected(self) -> bool:
        """Say whether there is a connection, be it ready or not."""
        return self._client.socket() is not None

    @property
    def stuck(self) -> bool:
        """Say whether something waits to be written."""
        return self._client.want_write()

    def publish(self, topic: str, envelope: bytes, sent_ms: int) -> None:
        """Publish with QoS 1 and, as a hub does, the time that nobody signs."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.UserProperty = [("sent", str(sent_ms))]
        self._client.publish(topic, envelope, qos=1, properties=properties)

    def read(self) -> None:
        """Take all that has arrived: TLS may hold more than the socket shows."""
        while True:
            self._client.loop_read()
            stream = self._client.socket()
            if stream is None or not cast("ssl.SSLSocket", stream).pending():
                return

    def write(self) -> None:
        """Write what could not be written before."""
        self._client.loop_write()

    def tick(self) -> None:
        """Keep the connection alive; call it now and then."""
        self._client.loop_misc()

    def close(self) -> None:
        """Leave."""
        with contextlib.suppress(OSError, ValueError):
            self._client.disconnect()

    def _connected(
        self, client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        if not reason.is_failure:
            client.subscribe(self._topic, qos=1)

    def _subscribed(
        self, _client: mqtt.Client, _data: Any, _mid: int, reasons: Any, _properties: Any
    ) -> None:
        self.ready = not any(reason.is_failure for reason in reasons)

    def _message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self._heard(bytes(message.payload))


def _without_delay(_client: mqtt.Client, _data: Any, stream: Any) -> None:
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
