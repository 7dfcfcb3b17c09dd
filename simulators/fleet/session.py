"""One hub's MQTT 5 session, driven from outside: a thousand of them need no thread.

As the real hub's: its own certificate and client id, clean start, subscribed before it publishes.
"""

import contextlib
import socket
import ssl
import time
from collections.abc import Callable
from typing import Final

from device_profiles.wire.v1 import topic_down
from simulators.fleet import packets
from simulators.fleet.home import Home
from simulators.fleet.packets import Packet

# Many hubs are asked in turn, on a busy machine.
KEEPALIVE_S: Final = 120
CONNECT_S: Final = 20.0
# The broker disconnects who has more under way than it allows, 200; a real hub has 20.
IN_FLIGHT: Final = 100
CHUNK: Final = 65_536


class Session:
    """A connection that is made, used and lost; `heard` is called with what comes down."""

    def __init__(self, home: Home, tls: ssl.SSLContext, heard: Callable[[bytes], None]) -> None:
        self._home, self._tls, self._heard = home, tls, heard
        self._topic = topic_down(home.hub)
        self.ready = False
        self.stream: ssl.SSLSocket | None = None
        self._came, self._leaving = bytearray(), bytearray()
        self._id = self._in_flight = 0
        self._wrote = 0.0

    def open(self) -> ssl.SSLSocket:
        """Connect, up to the end of the TLS handshake. Raises OSError."""
        plain = socket.create_connection(self._home.address, CONNECT_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self._tls.wrap_socket(plain, server_hostname=self._home.address[0])
        self.stream.setblocking(False)
        self._write(packets.connect(str(self._home.hub), KEEPALIVE_S))
        return self.stream

    @property
    def stuck(self) -> bool:
        """Say whether something waits to be written."""
        return bool(self._leaving)

    def publish(self, topic: str, envelope: bytes, sent_ms: int) -> bool:
        """Publish with QoS 1 and, as a hub does, the time that nobody signs.

        False where it could not be: not connected, or too much is under way.
        """
        if not self.ready or self.stream is None or self._in_flight >= IN_FLIGHT:
            return False
        self._id = self._id % 0xFFFF + 1
        self._in_flight += 1
        self._write(packets.publish(topic, self._id, "sent", str(sent_ms), envelope))
        return True

    def read(self) -> None:
        """Take all that has arrived: TLS may hold more than the socket shows."""
        while self.stream is not None:
            try:
                octets = self.stream.recv(CHUNK)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                break
            except OSError:
                octets = b""
            if not octets:
                self._drop()
                return
            self._came += octets
            if not self.stream.pending():
                break
        for packet in packets.taken(self._came):
            self._take(packet)

    def write(self) -> None:
        """Write what waits; what the socket does not take waits on."""
        self._write(b"")

    def tick(self, now: float) -> None:
        """Keep the connection alive; call it now and then."""
        if now - self._wrote > KEEPALIVE_S / 2:
            self._write(packets.PING)

    def close(self) -> None:
        """Leave."""
        self._write(packets.DISCONNECT)
        self._drop()

    def _take(self, packet: Packet) -> None:
        match packet.kind:
            case packets.CONNACK:
                if packet.body[1] < packets.FAILURE:
                    self._write(packets.subscribe(self._topic))
            case packets.SUBACK:
                self.ready = packet.body[-1] < packets.FAILURE
            case packets.PUBACK:
                self._in_flight -= 1
            case packets.PUBLISH:
                id_, payload = packets.published(packet)
                if id_:
                    self._write(packets.puback(id_))
                self._heard(payload)
            case _:
                pass  # the answer to a ping; a DISCONNECT, after which the stream ends

    def _write(self, octets: bytes) -> None:
        if self.stream is None:
            return
        self._leaving += octets
        self._wrote = time.monotonic()
        try:
            sent = self.stream.send(self._leaving) if self._leaving else 0
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError:
            self._drop()
            return
        del self._leaving[:sent]

    def _drop(self) -> None:
        stream, self.stream, self.ready = self.stream, None, False
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
