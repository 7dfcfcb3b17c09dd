"""Ends a live session of a revoked hub: whoever connects last under a client id has it.

A revocation list and an access list do not reach a session that is open. A connection that begins
clean, with a certificate of the same common name, does: the broker drops the old one.
"""

import socket
import ssl
import tempfile
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import paho.mqtt.client as mqtt
from cryptography import x509
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from device_profiles.wire.v1 import Class, topic_up
from gateway.errors import BrokerUnavailable
from gateway.identity.authority import Credential, issue_client

CALL_S: Final = 5.0
# After TLS 1.3's handshake a refusal comes with the first read; an accepted client hears nothing.
ALERT_WITHIN_S: Final = 0.5
NOT_AUTHORIZED: Final = 0x87  # MQTT 5, 3.4.2.1
# As long as it takes. The key is never kept.
LIFE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Stand:
    """A certificate in a hub's name, by which the gateway stands in its place."""

    hub: UUID
    credential: Credential

    @property
    def serial(self) -> int:
        """Return its serial number."""
        return x509.load_pem_x509_certificate(self.credential.certificate).serial_number

    @property
    def not_after(self) -> datetime:
        """Return its end."""
        return x509.load_pem_x509_certificate(self.credential.certificate).not_valid_after_utc


def stand_for(authority: Credential, hub: UUID) -> Stand:
    """Make a certificate in a hub's name."""
    return Stand(hub, issue_client(authority, str(hub), datetime.now(UTC), LIFE))


def is_refused(stand: Stand, authority: bytes, host: str, port: int) -> bool:
    """Say whether the broker refuses a certificate. Raises BrokerUnavailable where none answers."""
    try:
        plain = socket.create_connection((host, port), CALL_S)
    except OSError:
        raise BrokerUnavailable from None
    with plain:
        try:
            with _context(stand, authority).wrap_socket(plain, server_hostname=host) as secure:
                secure.settimeout(ALERT_WITHIN_S)
                secure.recv(1)
        except TimeoutError:
            return False
        except ssl.SSLError as error:
            return "REVOKED" in (error.reason or "")
        except OSError:
            return False
    return False


def _context(stand: Stand, authority: bytes) -> ssl.SSLContext:
    """Return the TLS of a stand; OpenSSL reads a certificate from files only, which go at once."""
    context = ssl.create_default_context(cadata=authority.decode())
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with tempfile.TemporaryDirectory(prefix="hearthline-") as name:
        pair = Path(name) / "pair.pem"
        pair.touch(mode=0o600)
        pair.write_bytes(stand.credential.certificate + stand.credential.key)
        context.load_cert_chain(pair)
    return context


class Takeover:
    """A session in a hub's place: from its begin on, the hub's own is gone."""

    def __init__(self, stand: Stand, authority: bytes, host: str, port: int) -> None:
        self._stand, self._address = stand, (host, port)
        self._connected, self._answered, self._lost = (threading.Event() for _ in range(3))
        self._refused: ReasonCode | None = None
        self._answer: int | None = None
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=str(stand.hub),
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
        )
        self._client.tls_set_context(_context(stand, authority))
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish
        self._client.on_disconnect = lambda *_: self._lost.set()

    def __enter__(self) -> "Takeover":
        try:
            self._client.connect(*self._address, clean_start=True)
        except OSError:
            raise BrokerUnavailable from None
        self._client.loop_start()
        if not self._connected.wait(CALL_S) or self._refused is not None:
            self.__exit__()
            raise BrokerUnavailable("It did not let the gateway stand in the hub's place.")
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def is_powerless(self) -> bool:
        """Say whether the broker denies what the hub could publish."""
        self._client.publish(topic_up(self._stand.hub, Class.STATUS), b"", qos=1)
        return self._answered.wait(CALL_S) and self._answer == NOT_AUTHORIZED

    def stays(self, seconds: float) -> bool:
        """Say whether nobody takes the session back for so long."""
        return not self._lost.wait(seconds)

    def _on_connect(
        self, _client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _more: Any
    ) -> None:
        self._refused = reason if reason.is_failure else None
        self._connected.set()

    def _on_publish(
        self, _client: mqtt.Client, _data: Any, _mid: int, reason: ReasonCode, _more: Any
    ) -> None:
        self._answer = reason.value
        self._answered.set()
