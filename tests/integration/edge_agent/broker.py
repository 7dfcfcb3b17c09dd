"""A real Mosquitto with mutual TLS, and what stands in for the gateway behind it."""

import asyncio
import getpass
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiomqtt
import pytest

from device_profiles.wire.body import GapBody, RawBody, ReadingBody, StatusBody
from device_profiles.wire.v1 import Class, Receipt, read_header, topic_down, write_receipt
from tests.fixtures.hub import Kit
from tests.integration.edge_agent.certificates import Authority, make_authority

DEADLINE_S = 20.0
CONFIG = """
user {user}
per_listener_settings false
listener {port} 127.0.0.1
cafile {folder}/ca.crt
certfile {folder}/server.crt
keyfile {folder}/server.key
require_certificate true
use_identity_as_username true
use_username_as_clientid true
tls_version tlsv1.3
allow_anonymous true
persistence false
"""


@dataclass
class Broker:
    """One Mosquitto that can be stopped and started again."""

    port: int
    folder: Path
    authority: Authority
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        config = self.folder / "mosquitto.conf"
        config.write_text(CONFIG.format(port=self.port, folder=self.folder, user=getpass.getuser()))
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen([program, "-c", str(config)], stdout=log, stderr=log)
        deadline = time.monotonic() + DEADLINE_S
        while not self._answers():
            assert self.process.poll() is None, (self.folder / "mosquitto.log").read_text()
            assert time.monotonic() < deadline, "mosquitto did not start"

    def _answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def tls(self, name: str) -> ssl.SSLContext:
        """Return the TLS of a client called `name`."""
        folder = self.folder / name
        self.authority.issue(name, folder, "client")
        context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        context.load_cert_chain(folder / "client.crt", folder / "client.key")
        return context


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_broker(folder: Path) -> Broker:
    if shutil.which("mosquitto") is None and not Path("/usr/sbin/mosquitto").exists():
        pytest.skip("mosquitto is not installed: apt install mosquitto")
    authority = make_authority()
    authority.issue("localhost", folder, "server")
    return Broker(free_port(), folder, authority)


Body = RawBody | ReadingBody | StatusBody | GapBody


@dataclass
class Post:
    """Stands where the gateway stands: opens what arrives and, if told to, receipts it."""

    kit: Kit
    client: aiomqtt.Client
    receipts: bool = True
    arrived: list[tuple[int, int, Body]] = field(default_factory=list)
    at: dict[tuple[int, int], float] = field(default_factory=dict)
    classes: dict[tuple[int, int], Class] = field(default_factory=dict)
    seen: dict[int, set[int]] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        async for message in self.client.messages:
            topic, envelope = str(message.topic), message.payload
            assert isinstance(envelope, bytes)
            await self._take(topic, envelope)

    async def _take(self, topic: str, envelope: bytes) -> None:
        body, header = self.kit.open_from(topic, envelope), read_header(envelope, topic)
        key = header.epoch, header.seq
        self.arrived.append((*key, body))
        self.at.setdefault(key, time.monotonic())
        self.classes[key] = Class[topic.rsplit("/", 1)[1].upper()]
        seen = self.seen.setdefault(header.epoch, set())
        seen.add(header.seq)
        seen.update(s for first, last in body.supersedes for s in range(first, last + 1))
        if self.receipts:
            await self.receipt(header.epoch)
        self.news.set()

    async def receipt(self, epoch: int) -> None:
        seen = self.seen.get(epoch, set())
        await self.send(Receipt(self.kit.hub, epoch, 0, frozenset(seen)))

    async def send(self, receipt: Receipt) -> None:
        message = write_receipt(receipt, self.kit.gateway_key)
        await self.client.publish(topic_down(self.kit.hub), message, qos=1)

    def bodies(self) -> list[Body]:
        """Return what arrived, each seq once, without heartbeats."""
        once = {(epoch, seq): body for epoch, seq, body in self.arrived}
        return [body for body in once.values() if not isinstance(body, StatusBody)]

    def readings(self) -> list[ReadingBody]:
        return [body for body in self.bodies() if isinstance(body, ReadingBody)]

    def raws(self) -> list[RawBody]:
        return [body for body in self.bodies() if isinstance(body, RawBody)]


@asynccontextmanager
async def post(broker: Broker, kit: Kit, *, receipts: bool = True) -> AsyncIterator[Post]:
    client = aiomqtt.Client(
        "localhost",
        broker.port,
        protocol=aiomqtt.ProtocolVersion.V5,
        tls_context=broker.tls("gateway"),
    )
    async with client:
        await client.subscribe("hl/1/+/+/up/#", qos=1)
        reader = Post(kit, client, receipts)
        listening = asyncio.create_task(reader.listen())
        try:
            yield reader
        finally:
            while not listening.done():  # wait_for of Python 3.11 can swallow a cancellation
                listening.cancel()
                await asyncio.wait({listening}, timeout=0.5)


async def until(holds: Callable[[], bool], what: str, seconds: float = DEADLINE_S) -> float:
    """Wait until something holds; return how long it took."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < seconds, f"not in {seconds} s: {what}"
        await asyncio.sleep(0.005)
    return time.monotonic() - started
