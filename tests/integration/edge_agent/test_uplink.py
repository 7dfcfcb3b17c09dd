"""The uplink against a real broker: nothing leaves the spool without a signed receipt."""

import asyncio
import sqlite3
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.wire.v1 import Class, Receipt, topic_down, write_receipt
from edge_agent.spool.file import NAME
from edge_agent.spool.sqlite import SqliteSpool
from edge_agent.uplink.mqtt import MqttUplink
from edge_agent.uplink.receipts import Receipts
from edge_agent.uplink.sender import Sender
from tests.fixtures.hub import Kit, make_kit, reading, trusted_clock
from tests.integration.edge_agent.broker import Broker, post, until
from tests.integration.edge_agent.certificates import make_authority


@dataclass(frozen=True)
class Fixed:
    """A certificate that is never renewed."""

    tls: ssl.SSLContext

    def context(self) -> ssl.SSLContext:
        return self.tls

    def worked(self) -> None:
        pass


@dataclass
class Running:
    spool: SqliteSpool
    sender: Sender


@asynccontextmanager
async def running(folder: Path, kit: Kit, broker: Broker) -> AsyncIterator[Running]:
    clock, wake = trusted_clock(), asyncio.Event()
    with closing(SqliteSpool(folder, kit.sealer(), clock, 2**24, wake.set)) as spool:
        keys = (kit.gateway_key.public_key(),)
        uplink = MqttUplink(kit.hub, kit.hub_file.broker, Fixed(broker.tls(str(kit.hub))))
        sender = Sender(spool, uplink, Receipts(kit.hub, keys), clock, wake)
        loop = asyncio.create_task(sender.run())
        try:
            yield Running(spool, sender)
        finally:
            loop.cancel()
            await asyncio.gather(loop, return_exceptions=True)


async def test_a_receipt_empties_the_spool_at_once(tmp_path: Path, broker: Broker) -> None:
    kit = make_kit(broker.port)
    async with post(broker, kit) as gateway, running(tmp_path / "state", kit, broker) as hub:
        await until(hub.sender.connected.is_set, "connected")
        for order in range(5):
            hub.spool.put(reading(order), Class.ROUTINE)
            took = await until(lambda: hub.spool.depth().waiting == 0, "receipted")
            assert took < 0.3
        assert [body.arrival.order for body in gateway.readings()] == [0, 1, 2, 3, 4]


async def test_without_a_receipt_everything_stays(tmp_path: Path, broker: Broker) -> None:
    kit = make_kit(broker.port)
    async with (
        post(broker, kit, receipts=False) as gateway,
        running(tmp_path / "state", kit, broker) as hub,
    ):
        hub.spool.put(reading(), Class.ROUTINE)
        await until(lambda: len(gateway.arrived) == 1, "published")
        assert hub.spool.depth().waiting == 1
        await gateway.receipt(hub.spool.epoch)
        await until(lambda: hub.spool.depth().waiting == 0, "receipted")


async def test_forged_receipts_change_nothing(tmp_path: Path, broker: Broker) -> None:
    kit = make_kit(broker.port)
    async with (
        post(broker, kit, receipts=False) as gateway,
        running(tmp_path / "state", kit, broker) as hub,
    ):
        hub.spool.put(reading(), Class.ROUTINE)
        await until(lambda: len(gateway.arrived) == 1, "published")
        covering = kit.receipt(hub.spool.epoch, 1)
        forged = write_receipt(covering, Ed25519PrivateKey.generate())
        for octets in (forged, b"", b"noise", forged[:-1]):
            await gateway.client.publish(topic_down(kit.hub), octets, qos=1)
        await gateway.send(kit.receipt(hub.spool.epoch + 1, 1))  # signed, but of another epoch
        hub.spool.put(reading(), Class.ROUTINE)
        await until(lambda: len(gateway.arrived) == 2, "still sending after all that")
        assert hub.spool.depth().waiting == 2
        await gateway.send(covering)
        await until(lambda: hub.spool.depth().waiting == 1, "the true receipt")


async def test_a_backlog_leaves_alerts_first_in_a_small_window(
    tmp_path: Path, broker: Broker
) -> None:
    kit = make_kit(broker.port)
    with closing(SqliteSpool(tmp_path / "state", kit.sealer(), trusted_clock(), 2**24)) as spool:
        for order in range(60):
            spool.put(reading(order), Class.ALERT if order >= 58 else Class.ROUTINE)
    async with (
        post(broker, kit, receipts=False) as gateway,
        running(tmp_path / "state", kit, broker) as hub,
    ):
        await until(lambda: len(gateway.arrived) == 20, "a window full")
        assert [seq for _, seq, _ in gateway.arrived][:3] == [59, 60, 1]
        hub.spool.put(reading(60), Class.ALERT)
        await until(lambda: 61 in gateway.seen[hub.spool.epoch], "an alert passes the backlog")
        # The five newest of the backlog went with the first window and have left their places.
        assert [seq for _, seq, _ in gateway.arrived].index(61) <= 25
        gateway.receipts = True
        await gateway.receipt(hub.spool.epoch)
        await until(lambda: hub.spool.depth().waiting == 0, "drained")
        assert len(gateway.seen[hub.spool.epoch]) == 61


async def test_alerts_too_far_ahead_for_a_receipt_do_not_hold_the_backlog_up(
    tmp_path: Path, broker: Broker
) -> None:
    kit = make_kit(broker.port)
    with closing(SqliteSpool(tmp_path / "state", kit.sealer(), trusted_clock(), 2**24)) as spool:
        for order in range(30):
            spool.put(reading(order), Class.ROUTINE)
        with closing(sqlite3.connect(tmp_path / "state" / NAME, isolation_level=None)) as file:
            file.execute("UPDATE sqlite_sequence SET seq = 10000")  # as if days lay in between
        for order in range(45):
            spool.put(reading(order), Class.ALERT)
    async with post(broker, kit) as gateway, running(tmp_path / "state", kit, broker) as hub:
        await until(lambda: hub.spool.depth().waiting == 45, "the backlog is receipted")
        order_of_arrival = list(dict.fromkeys(seq for _, seq, _ in gateway.arrived))
        assert len(order_of_arrival) == 75
        # Five places of the first window are for the newest that is no alert.
        assert set(order_of_arrival[:50]) > set(range(10_001, 10_046))
        await gateway.send(Receipt(kit.hub, hub.spool.epoch, 10_045))
        await until(lambda: hub.spool.depth().waiting == 0, "the receipts have come so far")


async def test_nobody_listens_is_not_delivered(tmp_path: Path, broker: Broker) -> None:
    kit = make_kit(broker.port)
    async with running(tmp_path / "state", kit, broker) as hub:
        await until(hub.sender.connected.is_set, "connected")
        hub.spool.put(reading(), Class.ROUTINE)
        await until(lambda: hub.sender.nobody_listens, "PUBACK 0x10")
        assert hub.sender.undelivered >= 1
        async with post(broker, kit):
            await until(lambda: hub.spool.depth().waiting == 0, "sent again, soon")
        assert not hub.sender.nobody_listens


async def test_the_broker_dies_and_comes_back(tmp_path: Path, broker: Broker) -> None:
    kit = make_kit(broker.port)
    async with running(tmp_path / "state", kit, broker) as hub:
        async with post(broker, kit, receipts=False) as gateway:
            hub.spool.put(reading(0), Class.ROUTINE)
            await until(lambda: len(gateway.arrived) == 1, "published once")
            broker.kill()
            await until(lambda: not hub.sender.connected.is_set(), "noticed")
            hub.spool.put(reading(1), Class.ROUTINE)
            broker.start()
        async with post(broker, kit) as gateway:
            await until(lambda: hub.spool.depth().waiting == 0, "both sent and receipted")
            assert [body.arrival.order for body in gateway.readings()] == [0, 1]


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore:.*SSLSocket:pytest.PytestUnraisableExceptionWarning")
async def test_a_broker_of_another_authority_gets_nothing(tmp_path: Path, broker: Broker) -> None:
    kit = make_kit(broker.port)
    stranger = replace(broker, authority=make_authority(), folder=tmp_path / "stranger")
    async with post(broker, kit) as gateway, running(tmp_path / "state", kit, stranger) as hub:
        hub.spool.put(reading(), Class.ROUTINE)
        log = broker.folder / "mosquitto.log"
        await until(lambda: log.read_text().count("SSL") >= 2, "refused twice")
        assert not hub.sender.connected.is_set()
        assert (hub.spool.depth().waiting, gateway.arrived) == (1, [])
