"""A meter that must be asked: the session speaks as its profile says, and keeps what it answers."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import structlog

from device_profiles.devices import onetouch_verio
from device_profiles.gatt import Uuid
from device_profiles.registry import PROFILES
from device_profiles.replay import parse
from device_profiles.wire.body import RawBody, ReadingBody
from device_profiles.wire.hub_file import PairedDevice
from edge_agent.core.allow_list import Allowed
from edge_agent.errors import DeviceLost
from edge_agent.ports import Link
from edge_agent.radio.home import Home
from edge_agent.radio.session import Session
from edge_agent.spool.sqlite import SqliteSpool
from tests.fixtures.hub import Kit, make_kit, trusted_clock

RECORDED = Path(__file__).parents[2] / "captures" / "devices" / "onetouch_verio.jsonl"
OCTETS = [bytes.fromhex(line["octets"]) for line in parse(RECORDED.read_text())]
ACKNOWLEDGED, NEWEST, COUNT, RECORD, CONTROL = OCTETS[:5]
ANSWERS = {"0a0206": NEWEST, "2700": COUNT, "b33801": RECORD, "b33701": CONTROL}


class Meter:
    """A Verio with two records, which hangs up after the last. A simulator in memory."""

    def __init__(self, *, indicating: bool = False) -> None:
        self.indicating = indicating
        self.asked: list[str] = []
        self._tell: Callable[[bytes], None] = lambda _: None
        self._gone = asyncio.Event()

    def has(self, uuid: Uuid) -> bool:
        return uuid in (onetouch_verio.ANSWER, onetouch_verio.COMMAND)

    def indicates(self, uuid: Uuid) -> bool:
        return self.indicating and uuid == onetouch_verio.ANSWER

    async def subscribe(self, uuid: Uuid, take: Callable[[bytes], None]) -> None:
        assert uuid == onetouch_verio.ANSWER
        self._tell = take

    async def read(self, uuid: Uuid) -> bytes:
        raise AssertionError(uuid)

    async def write(self, uuid: Uuid, octets: bytes) -> None:
        assert uuid == onetouch_verio.COMMAND
        if self._gone.is_set():
            raise DeviceLost
        asked = octets[5:-3].hex()
        self.asked.append(asked or octets.hex())
        if asked in ANSWERS:
            self._tell(ACKNOWLEDGED)
            self._tell(ANSWERS[asked])
        elif len(self.asked) == 8:  # the last acknowledgement
            self._gone.set()

    async def hung_up(self) -> None:
        await self._gone.wait()

    def drop(self) -> None:
        self._gone.set()


@pytest.fixture
def kit() -> Kit:
    return make_kit()


@pytest.fixture
def home(tmp_path: Path, kit: Kit) -> Iterator[Home]:
    with closing(SqliteSpool(tmp_path, kit.sealer(), trusted_clock(), 1 << 20)) as spool:
        yield Home(spool, trusted_clock(), ZoneInfo("Europe/Vienna"), 3.0)


async def run(link: Link, home: Home) -> Session:
    device = PairedDevice(id=UUID(int=7), address="C0:FF:EE:00:00:01", profile="onetouch_verio")
    session = Session(link, Allowed(device, PROFILES["onetouch_verio"]), "OneTouch", home)
    async with asyncio.timeout(10):
        await session.run()
    return session


async def test_a_meter_is_asked_until_it_has_told_all(home: Home, kit: Kit) -> None:
    meter = Meter()
    session = await run(meter, home)
    assert meter.asked == ["0a0206", "81", "2700", "81", "b33801", "81", "b33701", "81"]
    bodies = [kit.open(row) for row in home.spool.pending(20)]
    assert all(isinstance(body, ReadingBody) for body in bodies)
    validities = {body.reading.validity for body in bodies if isinstance(body, ReadingBody)}
    assert validities == {"valid", "control"}
    assert session.outcome.brought == 2  # acknowledgements and counters are no records


async def test_what_the_sieve_drops_is_counted(home: Home) -> None:
    with structlog.testing.capture_logs() as told:
        await run(Meter(), home)
    (sieved,) = [line for line in told if line["event"] == "sieved"]
    assert sieved["frames"] == 6  # four acknowledgements, the newest number, the count
    assert home.kept == 2


async def test_a_sieve_drops_nothing_that_is_indicated(home: Home, kit: Kit) -> None:
    """A model that indicates takes our confirmation for delivery: everything is kept."""
    with structlog.testing.capture_logs() as told:
        await run(Meter(indicating=True), home)
    assert not [line for line in told if line["event"] == "sieved"]
    bodies = [kit.open(row) for row in home.spool.pending(20)]
    assert len([body for body in bodies if isinstance(body, ReadingBody)]) == 2
    raw = [body.indication.octets for body in bodies if isinstance(body, RawBody)]
    assert sorted(raw) == sorted([ACKNOWLEDGED] * 4 + [NEWEST, COUNT])
