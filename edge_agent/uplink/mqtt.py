"""MQTT 5 by aiomqtt: mutual TLS, QoS 1, subscribed to the downlink before anything is published.

Every connection begins clean: what waits is the spool's, not the library's or the broker's.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import aiomqtt
from paho.mqtt.client import MQTT_ERR_SUCCESS, Client
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from device_profiles.wire.body import utc_ms
from device_profiles.wire.hub_file import Broker
from device_profiles.wire.v1 import topic_down, topic_up
from edge_agent.errors import BrokerUnavailable, WrongInput
from edge_agent.ports import Acknowledged, Answer, Downlink, Login, Row

KEEPALIVE_S: Final = 30
CALL_S: Final = 10.0
NOBODY_LISTENS: Final = 0x10  # MQTT 5, 3.4.2.1: no matching subscribers
FAILURE: Final = 0x80
# More than a window of rows and their second tries: paho must never queue by itself.
IN_FLIGHT: Final = 200


class _Client(aiomqtt.Client):
    """aiomqtt's client, which throws the broker's reason codes away, with those kept."""

    def __init__(self, *args: Any, on_answer: Callable[[int, int], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._on_answer = on_answer

    def publish_now(self, topic: str, payload: bytes, sent_at: datetime) -> int:
        """Start to publish; return the message id that the answer will carry."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.UserProperty = [("sent", str(utc_ms(sent_at)))]
        info = self._client.publish(topic, payload, qos=1, properties=properties)
        if info.rc != MQTT_ERR_SUCCESS:
            raise BrokerUnavailable
        return info.mid

    def _on_publish(
        self,
        client: Client,
        userdata: Any,
        mid: int,
        reason_code: ReasonCode,
        properties: Properties,
    ) -> None:
        self._on_answer(mid, reason_code.value)
        super()._on_publish(client, userdata, mid, reason_code, properties)


class MqttConnection:
    """See `ports.Connection`."""

    def __init__(self, hub: UUID, broker: Broker, tls: ssl.SSLContext) -> None:
        self._hub = hub
        self._published: dict[int, int] = {}
        self._answers: asyncio.Queue[Acknowledged] = asyncio.Queue()
        self.client = _Client(
            broker.host,
            broker.port,
            identifier=str(hub),
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=True,
            tls_context=tls,
            keepalive=KEEPALIVE_S,
            timeout=CALL_S,
            max_inflight_messages=IN_FLIGHT,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            on_answer=self._answered,
        )

    def publish(self, row: Row, sent_at: datetime) -> None:
        """See `ports.Connection`."""
        mid = self.client.publish_now(topic_up(self._hub, row.class_), row.envelope, sent_at)
        self._published[mid] = row.ref.seq

    async def events(self) -> AsyncIterator[Acknowledged | Downlink]:
        """See `ports.Connection`. aiomqtt's queue has no bound, so it drops nothing."""
        messages = self.client.messages
        message, answer = _next(messages), asyncio.ensure_future(self._answers.get())
        try:
            while True:
                await asyncio.wait((message, answer), return_when=asyncio.FIRST_COMPLETED)
                if answer.done():
                    yield answer.result()
                    answer = asyncio.ensure_future(self._answers.get())
                if message.done():
                    came = message.result()
                    yield Downlink(str(came.topic), _octets(came.payload))
                    message = _next(messages)
        except aiomqtt.MqttError as error:
            raise BrokerUnavailable(type(error).__name__) from None
        finally:
            for waiting in (message, answer):
                waiting.cancel()

    def _answered(self, mid: int, reason: int) -> None:
        seq = self._published.pop(mid, None)
        if seq is not None:
            self._answers.put_nowait(Acknowledged(seq, _meaning(reason)))


class MqttUplink:
    """See `ports.Uplink`."""

    def __init__(self, hub: UUID, broker: Broker, login: Login) -> None:
        self._hub, self._broker, self._login = hub, broker, login

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[MqttConnection]:
        """See `ports.Uplink`."""
        connection = MqttConnection(self._hub, self._broker, self._context())
        try:
            async with connection.client as client:
                granted = await client.subscribe(topic_down(self._hub), qos=1)
                if any(_failed(code) for code in granted):
                    raise BrokerUnavailable("subscription_refused")
                self._login.worked()
                yield connection
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            raise BrokerUnavailable(str(error) or type(error).__name__) from None

    def _context(self) -> ssl.SSLContext:
        try:
            return self._login.context()
        except WrongInput as error:
            raise BrokerUnavailable(error.detail) from None


def _next(messages: AsyncIterator[aiomqtt.Message]) -> "asyncio.Future[aiomqtt.Message]":
    async def wait() -> aiomqtt.Message:
        return await anext(messages)

    return asyncio.ensure_future(wait())


def _octets(payload: object) -> bytes:
    return bytes(payload) if isinstance(payload, bytes | bytearray) else b""


def _failed(code: int | ReasonCode) -> bool:
    return (code.value if isinstance(code, ReasonCode) else code) >= FAILURE


def _meaning(reason: int) -> Answer:
    if reason == NOBODY_LISTENS:
        return Answer.NOBODY_LISTENS
    return Answer.REFUSED if reason >= FAILURE else Answer.TAKEN
