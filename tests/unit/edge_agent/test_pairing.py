"""Parts of `pair`: who answers the device's questions, what proves that it works, what is kept."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from dbus_fast import DBusError

from device_profiles.gatt import Uuid
from device_profiles.problems import DeviceProblem
from device_profiles.profile import Profile
from device_profiles.registry import PROFILES
from device_profiles.timeline import Basis
from device_profiles.wire.hub_file import PairedDevice
from edge_agent.core.allow_list import Allowed
from edge_agent.errors import WrongInput
from edge_agent.identity.hub import keep_passkey
from edge_agent.pairing.agent import Chosen, TalkingAgent
from edge_agent.pairing.command import checked
from edge_agent.pairing.person import Person
from edge_agent.pairing.steps import Asked
from edge_agent.pairing.witness import WitnessedHome
from edge_agent.radio.session import Session
from edge_agent.spool.sqlite import SqliteSpool
from tests.fixtures.hub import make_kit, trusted_clock
from tests.unit.edge_agent.test_model import SAYS_BM85, Cuff

ADDRESS, PATH = "C0:FF:EE:00:00:01", "/org/bluez/hci0/dev_C0_FF_EE_00_00_01"
# As tests/captures/devices/beurer_bm85.jsonl has it, with its source.
BM85_OCTETS = bytes.fromhex("56710049000000ea07080b1438000041010000")
DEVICE = PairedDevice(id=UUID(int=7), address=ADDRESS, profile="generic_cuff")


def allowed(profile: Profile = PROFILES["generic_cuff"]) -> Allowed:
    return Allowed(DEVICE, profile)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[WitnessedHome]:
    clock = trusted_clock()
    with closing(SqliteSpool(tmp_path, make_kit().sealer(), clock, 1 << 20)) as spool:
        yield WitnessedHome(spool, clock, ZoneInfo("Europe/Vienna"), 3.0)


async def session(home: WitnessedHome, cuff: Cuff) -> None:
    async with asyncio.timeout(20):
        await Session(cuff, allowed(), "cuff", home).run()


async def test_a_reading_that_was_understood_is_the_proof(home: WitnessedHome) -> None:
    assert home.proof(DEVICE.id) is None
    await session(home, Cuff({}))
    proof = home.proof(DEVICE.id)
    assert proof is not None
    assert (proof.profile, proof.basis) == ("generic_cuff", Basis.RECEPTION)
    assert str(proof.reading.values[0].number) == "120"
    assert home.spool.depth().waiting == 2  # and it goes the way of every reading


class Bm85(Cuff):
    async def subscribe(self, uuid: Uuid, take: Callable[[bytes], None]) -> None:
        await super().subscribe(uuid, lambda _: take(BM85_OCTETS))


async def test_another_model_is_proved_by_its_own_profile(home: WitnessedHome) -> None:
    await session(home, Bm85(SAYS_BM85))
    proof = home.proof(DEVICE.id)
    assert proof is not None
    assert (proof.profile, proof.measured_at) == ("beurer_bm85", None)
    assert str(proof.reading.values[0].number) == "113"
    assert home.spool.depth().waiting == 2


class Typist:
    """Types these, one after the other, and then nothing more."""

    def __init__(self, *passkeys: str) -> None:
        self._passkeys = list(passkeys)
        self.asked = asyncio.Event()

    async def ask(self) -> str:
        self.asked.set()
        if not self._passkeys:
            await asyncio.Event().wait()
        return self._passkeys.pop(0)


def agent(typist: Typist | None, known: dict[str, str]) -> tuple[TalkingAgent, list[str]]:
    said: list[str] = []
    chosen = Chosen()
    ask = typist.ask if typist is not None else None
    made = TalkingAgent(chosen, known, ask, said.append)
    chosen.choose(allowed())
    return made, said


async def test_a_wrong_passkey_is_asked_for_again() -> None:
    made, _ = agent(Typist("000001", "000002"), {})
    assert await made._passkey(PATH) == "000001"
    assert made.explain(ADDRESS) is DeviceProblem.PASSKEY_WRONG
    assert await made._passkey(PATH) == "000002"
    assert made.used == {ADDRESS: "000002"}


async def test_a_known_passkey_is_not_asked_for() -> None:
    typist = Typist()
    made, _ = agent(typist, {ADDRESS: "123456"})
    assert await made._passkey(PATH) == "123456"
    assert not typist.asked.is_set()


@pytest.mark.parametrize("path", [PATH.replace("01", "02"), "/org/bluez/hci0"])
async def test_only_the_chosen_device_gets_an_answer(path: str) -> None:
    typist = Typist("123456")
    made, said = agent(typist, {})
    with pytest.raises(DBusError):
        await made._passkey(path)
    with pytest.raises(DBusError):
        made._show(path, "123456")
    assert (typist.asked.is_set(), said) == (False, [])


async def test_a_question_that_is_withdrawn_ends() -> None:
    typist = Typist()
    made, _ = agent(typist, {})
    asking = asyncio.create_task(made._passkey(PATH))
    await typist.asked.wait()
    made._withdraw()
    with pytest.raises(DBusError, match="withdrawn"):
        await asking


async def test_a_number_is_shown_where_somebody_is() -> None:
    made, said = agent(Typist(), {})
    made._show(PATH, "004711")
    assert said == ["Type 004711 at the device."]
    alone, said = agent(None, {})
    with pytest.raises(DBusError):
        alone._show(PATH, "004711")
    assert said == []


async def test_lines_are_read_as_they_are_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    with os.fdopen(read) as stdin, os.fdopen(write, "wb", buffering=0) as typed:
        monkeypatch.setattr("sys.stdin", stdin)
        said: list[str] = []
        person = Person(said.append)
        asking = asyncio.create_task(person.passkey())
        typed.write(b"12\n123")
        await asyncio.sleep(0)
        typed.write(b" 456\nrest")
        assert await asking == "123456"
        typed.close()
        assert await person.passkey() == ""
        assert "A passkey has six digits. Once more:" in said


def test_a_passkey_is_kept_beside_the_others(tmp_path: Path) -> None:
    for address, passkey in ((ADDRESS, "000001"), ("C0:FF:EE:00:00:02", "000002")):
        keep_passkey(tmp_path, address, passkey)
    keep_passkey(tmp_path, ADDRESS, "000003")
    file = tmp_path / "passkeys.toml"
    assert file.read_text().splitlines() == [
        f'"{ADDRESS}" = "000003"',
        '"C0:FF:EE:00:00:02" = "000002"',
    ]
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "asked", [Asked(address="C0:FF"), Asked(profile="nothing"), Asked(passkey="12345")]
)
def test_wrong_options_are_told(asked: Asked) -> None:
    with pytest.raises(WrongInput):
        checked(asked)
