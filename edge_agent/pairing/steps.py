"""The steps of pairing: look, choose, find out the model, pair, measure once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from device_profiles.problems import ADVICE, DeviceProblem
from device_profiles.profile import Profile
from device_profiles.registry import PROFILES, profile_for
from device_profiles.talk import Owner
from device_profiles.wire.hub_file import PairedDevice
from edge_agent.core.allow_list import Allowed
from edge_agent.core.model import Model
from edge_agent.errors import BluetoothUnavailable, EdgeError, WrongInput
from edge_agent.identity.hub import Identity
from edge_agent.pairing.agent import Chosen, TalkingAgent
from edge_agent.pairing.near import Near, Nearby
from edge_agent.pairing.person import Person, Say
from edge_agent.pairing.witness import Proof, WitnessedHome
from edge_agent.ports import Sighting
from edge_agent.radio.bluez import BluezRadio
from edge_agent.radio.ending import end_all
from edge_agent.radio.keeper import Keeper
from edge_agent.radio.model import read_model
from edge_agent.radio.times import Times

# BlueZ answers at once; a scan that failed is begun anew a few times meanwhile.
BLUETOOTH_S: Final = 15.0
LOOK_S: Final = 0.1
# Somebody has to find the number on the device and to type it.
TYPING_S: Final = 90.0
PASSKEY: Final[Mapping[str, str]] = {
    DeviceProblem.PASSKEY_MISSING: "It asks for a passkey: give its six digits with --passkey.",
    DeviceProblem.PASSKEY_WRONG: "The passkey is not the one of this device.",
}
# Where nobody is there to do something about it, to try again is of no use.
ENDS: Final = frozenset({*PASSKEY, DeviceProblem.NO_DISPLAY})


class NotPaired(EdgeError):
    """The device is not paired and proved."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for on the command line. Without an address the person chooses."""

    address: str | None = None
    profile: str | None = None
    passkey: str | None = None
    seconds: float = 300.0
    everybody: bool = False


@dataclass(frozen=True, slots=True)
class Paired:
    """What it came to. `new`: hub.toml has it not, or with another profile."""

    device: PairedDevice
    new: bool
    model: Model
    proof: Proof
    records: int
    problem: str | None
    passkey: str | None
    """The one that was given, if the device wanted any."""


class Pairing:
    """One run of the command, over an open home. Without a person nothing is asked."""

    def __init__(
        self, identity: Identity, home: WitnessedHome, asked: Asked, person: Person | None, say: Say
    ) -> None:
        self._identity, self._home, self._asked = identity, home, asked
        self._person, self._say = person, say
        known = {device.address: device for device in identity.hub_file.devices}
        self.nearby = Nearby(known, everybody=asked.everybody)
        self._chosen, passkeys = Chosen(), dict(identity.passkeys)
        if asked.address and asked.passkey:
            passkeys[asked.address] = asked.passkey
        ask = person.passkey if person is not None else None
        self._agent = TalkingAgent(self._chosen, passkeys, ask, say)
        times = Times(connect_s=TYPING_S)
        self._radio = BluezRadio(self._chosen, passkeys, times, agent=self._agent, hears_all=True)
        self._radio.sightings(self._see)

    async def look(self) -> None:
        """Listen for as long as was asked. Raises BluetoothUnavailable."""
        async with self._scanning():
            await asyncio.sleep(self._asked.seconds)

    async def pair(self) -> Paired:
        """Do all of it. Raises NotPaired, WrongInput, ConnectionLost."""
        async with self._scanning() as tasks:
            near = await self._choose()
            allowed = await self._allowed(near)
            self._chosen.choose(allowed)
            keeper = Keeper(allowed, self._radio, self._home)
            self._radio.sightings(keeper.see)
            self._radio.starts(keeper.radio_is_back)
            keeper.see((self.nearby.get(near.sighting.address) or near).sighting)
            tasks.add(asyncio.create_task(keeper.run()))
            self._say("Connecting. If the device has gone silent, measure once (again).")
            proof = await self._prove(keeper, allowed)
        return self._paired(keeper, allowed, near, proof)

    @asynccontextmanager
    async def _scanning(self) -> "AsyncIterator[set[asyncio.Task[Any]]]":
        tasks: set[asyncio.Task[Any]] = {asyncio.create_task(self._radio.run())}
        try:
            if not await _until(lambda: self._radio.available, BLUETOOTH_S):
                raise BluetoothUnavailable("Is there an adapter, and is it on? `bluetoothctl show`")
            yield tasks
        finally:
            await end_all(tasks)

    def _see(self, sighting: Sighting) -> None:
        number = self.nearby.see(sighting)
        if number is not None and self._person is not None and self._asked.address is None:
            self._person.list(number, self.nearby.listed()[-1])

    async def _choose(self) -> Near:
        if (address := self._asked.address) is not None:
            await _until(lambda: self.nearby.get(address) is not None, self._asked.seconds)
            near = self.nearby.get(address)
            if near is None:
                raise NotPaired("It was not heard in this time.")
            return near
        chosen = await self._person.choose(self.nearby) if self._person else None
        if chosen is None:
            raise WrongInput("Nobody chose a device; --address names one, --list only looks.")
        return chosen

    async def _allowed(self, near: Near) -> Allowed:
        key = self._asked.profile or (near.known and near.known.profile)
        profile = PROFILES[key] if key else near.profile or await self._told(near)
        self._say(f"Read as {profile.name} ({profile.key}).")
        id_, address = near.known.id if near.known else uuid4(), near.sighting.address
        device = PairedDevice(id=id_, address=address, profile=profile.key)
        return Allowed(device, profile, self._identity.owners.get(address, Owner()))

    async def _told(self, near: Near) -> Profile:
        """Ask a device that does not advertise what it is."""
        self._say("It does not advertise what it is; asking it.")
        async with self._radio.connect(near.sighting, pair=False) as link:
            told, services = await read_model(link), link.services()
        profile = profile_for(services, near.sighting.name, told.manufacturer, told.model)
        if profile is None:
            raise NotPaired(
                "No profile fits what it says of itself. `hearthline-edge capture` records it for "
                "a new one; --profile names one."
            )
        return profile

    async def _prove(self, keeper: Keeper, allowed: Allowed) -> Proof:
        """Wait for a reading and the end of its session; tell what is in the way."""
        device, told = allowed.device.id, None
        end = asyncio.get_running_loop().time() + self._asked.seconds
        while asyncio.get_running_loop().time() < end:
            proof = None if keeper.in_session else self._home.proof(device)
            if proof is not None:
                return proof
            problem = keeper.state.problem
            if problem is not None and self._person is None and problem in ENDS:
                break
            if problem != told and problem is not None:
                self._say(_advice(problem))
            told = problem
            await asyncio.sleep(LOOK_S)
        why = "No measurement came in this time: measure while the command waits."
        raise NotPaired(_advice(keeper.state.problem) if keeper.state.problem else why)

    def _paired(self, keeper: Keeper, allowed: Allowed, near: Near, proof: Proof) -> Paired:
        device = allowed.device.model_copy(update={"profile": proof.profile})
        return Paired(
            device=device,
            new=near.known != device,
            model=self._home.models.get(device.id, Model()),
            proof=proof,
            records=self._home.kept,
            problem=keeper.state.problem,
            passkey=self._agent.used.get(device.address),
        )


def _advice(problem: str) -> str:
    return PASSKEY.get(problem) or ADVICE.get(problem, problem)


async def _until(true: Callable[[], bool], seconds: float) -> bool:
    """Wait for what the radio's callbacks bring about; say whether it came in time."""
    end = asyncio.get_running_loop().time() + seconds
    while not true() and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110 - callbacks
        await asyncio.sleep(LOOK_S)
    return true()
