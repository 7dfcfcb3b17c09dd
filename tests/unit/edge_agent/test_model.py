"""A device that says to be another model than its profile reads is not read with that profile."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from device_profiles import gatt
from device_profiles.gatt import Uuid
from device_profiles.problems import ADVICE, DeviceProblem
from device_profiles.registry import PROFILES, Models
from device_profiles.wire.body import RawBody, ReadingBody
from device_profiles.wire.hub_file import PairedDevice
from edge_agent.core.allow_list import Allowed
from edge_agent.core.model import LONGEST, Model, contradicts, shown
from edge_agent.errors import DeviceLost, DeviceRefused
from edge_agent.ports import Link
from edge_agent.radio.home import Home
from edge_agent.radio.session import Session
from edge_agent.spool.sqlite import SqliteSpool
from tests.fixtures.hub import CUFF_OCTETS, Kit, make_kit, trusted_clock

CUFF = [gatt.BLOOD_PRESSURE_SERVICE]
SAYS_BM85 = {gatt.MODEL_NUMBER: b"BM85\0", gatt.MANUFACTURER_NAME: b"Beurer"}


class Cuff:
    """A simulator in memory: tells one reading at the subscription, and one after the reads."""

    def __init__(self, values: Mapping[Uuid, bytes | None]) -> None:
        self._values = values
        self.asked: list[Uuid] = []
        self._tell: Callable[[bytes], None] = lambda _: None
        self._gone = asyncio.Event()

    def has(self, uuid: Uuid) -> bool:
        return uuid == gatt.BLOOD_PRESSURE_MEASUREMENT or uuid in self._values

    def indicates(self, uuid: Uuid) -> bool:
        return uuid == gatt.BLOOD_PRESSURE_MEASUREMENT

    def services(self) -> list[Uuid]:
        return CUFF

    async def subscribe(self, uuid: Uuid, take: Callable[[bytes], None]) -> None:
        assert uuid == gatt.BLOOD_PRESSURE_MEASUREMENT
        self._tell = take
        take(CUFF_OCTETS)

    async def read(self, uuid: Uuid) -> bytes:
        self.asked.append(uuid)
        value = self._values[uuid]
        if value is None:
            raise DeviceRefused("TimeoutError")
        return value

    async def write(self, uuid: Uuid, octets: bytes) -> None:
        raise AssertionError(uuid, octets)

    async def hung_up(self) -> None:
        if not self._gone.is_set():
            self._tell(CUFF_OCTETS)
            self._gone.set()

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
    device = PairedDevice(id=UUID(int=7), address="C0:FF:EE:00:00:01", profile="generic_cuff")
    session = Session(link, Allowed(device, PROFILES["generic_cuff"]), "cuff", home)
    async with asyncio.timeout(10):
        await session.run()
    return session


async def test_another_model_is_kept_raw_for_its_own_profile(home: Home, kit: Kit) -> None:
    session = await run(Cuff(SAYS_BM85), home)
    assert session.outcome.problem == DeviceProblem.PROFILE_WRONG
    assert "hub.toml" in ADVICE[DeviceProblem.PROFILE_WRONG]
    bodies = [kit.open(row) for row in home.spool.pending(20)]
    raw = [body for body in bodies if isinstance(body, RawBody)]
    assert [body.arrival.profile for body in raw] == ["beurer_bm85"] * 2
    assert [body.indication.octets for body in raw] == [CUFF_OCTETS] * 2
    assert [body.arrival.order for body in raw] == [0, 1]
    assert raw[0].supersedes  # the row that was sealed before the model was known
    assert len(bodies) == 2


async def test_a_model_that_no_profile_knows_is_read_as_the_owner_says(
    home: Home, kit: Kit
) -> None:
    session = await run(Cuff({gatt.MODEL_NUMBER: b"XY", gatt.FIRMWARE_REVISION: b"1.2"}), home)
    assert session.outcome.problem is None
    assert all(isinstance(kit.open(row), ReadingBody) for row in home.spool.pending(20))
    assert home.models == {UUID(int=7): Model(model="XY", firmware="1.2")}


async def test_what_is_never_answered_costs_one_call_in_the_life_of_the_agent(home: Home) -> None:
    cuff = Cuff({gatt.MODEL_NUMBER: None, gatt.MANUFACTURER_NAME: None})
    await run(cuff, home)
    await run(Cuff({gatt.MODEL_NUMBER: None}), home)
    assert cuff.asked == [gatt.MODEL_NUMBER]
    assert home.models == {UUID(int=7): Model()}


async def test_a_hang_up_at_the_question_loses_nothing(home: Home, kit: Kit) -> None:
    class Leaving(Cuff):
        async def read(self, uuid: Uuid) -> bytes:
            raise DeviceLost(uuid)

    await run(Leaving({gatt.MODEL_NUMBER: b"BM85"}), home)
    (row,) = home.spool.pending(20)
    assert isinstance(kit.open(row), ReadingBody)


def test_only_the_model_contradicts() -> None:
    models, bm85 = Models(), "beurer_bm85"
    assert contradicts("generic_cuff", models, CUFF, Model("Beurer", "BM85")) == bm85
    assert contradicts(bm85, models, CUFF, Model("Beurer", "BM85")) is None
    assert contradicts(bm85, models, CUFF, Model("Beurer", "BM999")) is None
    assert contradicts(bm85, models, CUFF, Model("Beurer")) is None
    assert contradicts("generic_cuff", models, [], Model("Beurer", "BM85")) is None


def test_what_is_shown_of_a_name() -> None:
    assert shown("BM85\n\x1b ") == "BM85"
    assert shown(" \0") is None
    assert shown("x" * 500) == "x" * LONGEST
