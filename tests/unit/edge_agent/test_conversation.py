"""A meter that must be asked: the session speaks as its profile says, and keeps what it answers."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from device_profiles.devices import onetouch_verio
from device_profiles.gatt import Uuid
from device_profiles.registry import PROFILES
from device_profiles.replay import parse
from device_profiles.timeline import Basis
from device_profiles.wire.body import RawBody, ReadingBody
from device_profiles.wire.hub_file import PairedDevice
from edge_agent.clock import SystemClock
from edge_agent.core.allow_list import Allowed
from edge_agent.core.clock_state import Trust
from edge_agent.errors import DeviceLost
from edge_agent.ports import Link
from edge_agent.radio.home import Home
from edge_agent.radio.session import Session
from edge_agent.spool.sqlite import SqliteSpool
from tests.fixtures.hub import ALWAYS, Kit, make_kit, trusted_clock

RECORDED = Path(__file__).parents[2] / "captures" / "devices" / "onetouch_verio.jsonl"
OCTETS = [bytes.fromhex(line["octets"]) for line in parse(RECORDED.read_text())]
ACKNOWLEDGED, NEWEST, COUNT, RECORD, CONTROL = OCTETS[:5]
TIME, DONE = OCTETS[-2:]  # the meter's clock shows 2026-11-20 07:30:05, as the record's stamp
ANSWERS = {"2002": TIME, "0a0206": NEWEST, "2700": COUNT, "b33801": RECORD, "b33701": CONTROL}
TALK = ["2002", "81", "2001", "0a0206", "81", "2700", "81", "b33801", "81", "b33701", "81"]


class Meter:
    """A Verio with two records, which hangs up after the last. A simulator in memory."""

    def __init__(self, *, indicating: bool = False, writes: int = len(TALK)) -> None:
        self.indicating, self._writes = indicating, writes
        self.asked: list[str] = []
        self.clock = 0
        self._tell: Callable[[bytes], None] = lambda _: None
        self._gone = asyncio.Event()

    def has(self, uuid: Uuid) -> bool:
        return uuid in (onetouch_verio.ANSWER, onetouch_verio.COMMAND)

    def indicates(self, uuid: Uuid) -> bool:
        return self.indicating and uuid == onetouch_verio.ANSWER

    def services(self) -> list[Uuid]:
        return [onetouch_verio.SERVICE]

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
        self.asked.append(asked[:4] if asked.startswith("2001") else asked or octets.hex())
        if asked.startswith("2001"):
            self.clock = int.from_bytes(bytes.fromhex(asked)[2:], "little")
            self._tell(ACKNOWLEDGED)
            self._tell(DONE)
        elif asked in ANSWERS:
            self._tell(ACKNOWLEDGED)
            self._tell(ANSWERS[asked])
        elif len(self.asked) == self._writes:  # the last acknowledgement
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
    assert meter.asked == TALK
    bodies = [kit.open(row) for row in home.spool.pending(20)]
    assert all(isinstance(body, ReadingBody) for body in bodies)
    validities = {body.reading.validity for body in bodies if isinstance(body, ReadingBody)}
    assert validities == {"valid", "control"}
    assert session.outcome.brought == 2  # acknowledgements and counters are no records


async def test_what_the_sieve_drops_is_counted(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(Meter(), home)
    told = map(json.loads, capsys.readouterr().err.splitlines())
    (sieved,) = [line for line in told if line["event"] == "sieved"]
    # Six acknowledgements, the time, "done", the newest number, the count.
    assert sieved["frames"] == 10
    assert home.kept == 2


async def test_a_sieve_drops_nothing_that_is_indicated(
    home: Home, kit: Kit, capsys: pytest.CaptureFixture[str]
) -> None:
    """A model that indicates takes our confirmation for delivery: everything is kept."""
    await run(Meter(indicating=True), home)
    assert '"sieved"' not in capsys.readouterr().err
    bodies = [kit.open(row) for row in home.spool.pending(20)]
    assert len([body for body in bodies if isinstance(body, ReadingBody)]) == 2
    raw = [body.indication.octets for body in bodies if isinstance(body, RawBody)]
    assert sorted(raw) == sorted([ACKNOWLEDGED] * 6 + [TIME, DONE, NEWEST, COUNT])


async def test_a_clock_that_only_answers_is_read_then_set(home: Home, kit: Kit) -> None:
    """The record's stamp is what the clock shows: it was measured when the clock was asked."""
    meter = Meter()
    session = await run(meter, home)
    (first, _) = [kit.open(row) for row in home.spool.pending(20)]
    assert isinstance(first, ReadingBody)
    assert first.basis is Basis.DEVICE_CLOCK
    assert first.measured_at is not None
    assert abs(first.measured_at - first.arrival.received_at) < timedelta(seconds=5)
    # Seconds since the end of 1999, on the wall clock of the home.
    shown = datetime(1999, 12, 31, 23, 59, 59) + timedelta(seconds=meter.clock)  # noqa: DTZ001
    now = datetime.now(home.zone).replace(tzinfo=None)
    assert abs(now - shown) < timedelta(seconds=5)
    assert session.outcome.problem is None
    assert session.outcome.clock_error_s is not None


async def test_a_hub_that_does_not_know_the_time_sets_no_clock(home: Home) -> None:
    home.clock = SystemClock(Trust.NO, ALWAYS[0])
    meter = Meter(writes=len(TALK) - 1)
    await run(meter, home)
    assert meter.asked == [said for said in TALK if said != "2001"]
