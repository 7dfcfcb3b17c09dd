"""Records one session with one device: everything it tells, by the agent's own radio."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final
from uuid import uuid4

from device_profiles.codecs import racp
from device_profiles.gatt import MANUFACTURER_NAME, MODEL_NUMBER, RECORD_ACCESS_CONTROL_POINT, Uuid
from device_profiles.profile import Profile
from device_profiles.reading import Indication
from device_profiles.registry import PROFILES, profile_for
from device_profiles.talk import Owner, Said, SetClock, Talk, Write
from device_profiles.wire.hub_file import PairedDevice
from edge_agent.capture import IDENTITY, MODEL, SECRET, Heard, Recording
from edge_agent.core.allow_list import Allowed, AllowList
from edge_agent.errors import DeviceLost, DeviceRefused
from edge_agent.ports import Sighting
from edge_agent.radio.bluez import BluezRadio
from edge_agent.radio.link import BleakLink

TELLS: Final = frozenset({"notify", "indicate"})
Say = Callable[[str], None]


class Recorder:
    """Waits for the device, connects once, and takes all until it hangs up or time is over."""

    def __init__(self, address: str, passkey: str | None, key: str | None, say: Say) -> None:
        self._address, self._say = address.upper(), say
        self._chosen = PROFILES[key] if key else None
        device = PairedDevice(id=uuid4(), address=self._address, profile=key or "generic_cuff")
        # The profile of an allowed device is not asked for: no session of the agent runs here.
        allowed = AllowList([Allowed(device, PROFILES[device.profile])])
        self._radio = BluezRadio(allowed, {self._address: passkey} if passkey else {})
        self._seen: asyncio.Queue[Sighting] = asyncio.Queue()
        self._writes: asyncio.Queue[Said] = asyncio.Queue()
        self._talk: Talk | None = None
        self.profile: Profile | None = None

    async def record(self, seconds: float, *, pair: bool) -> Recording:
        """Return what one session brought. Raises DeviceLost where nobody advertised."""
        self._radio.sightings(self._seen.put_nowait)
        scanning = asyncio.create_task(self._radio.run())
        try:
            sighting = await self._wait(seconds)
            self._say(f"Found {sighting.name or 'a device without a name'}; connecting.")
            recording = Recording(self._address, sighting.name)
            async with self._radio.connect(sighting, pair=pair) as link:
                with suppress(DeviceLost, TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._take_all(link, recording)
            return recording
        finally:
            scanning.cancel()
            await asyncio.wait([scanning])

    async def _wait(self, seconds: float) -> Sighting:
        try:
            async with asyncio.timeout(seconds):
                return await self._seen.get()
        except TimeoutError:
            raise DeviceLost("It did not advertise in this time.") from None

    async def _take_all(self, link: BleakLink, recording: Recording) -> None:
        begun = asyncio.get_running_loop().time()
        for uuid, properties in link.characteristics():
            if TELLS & properties and uuid not in IDENTITY:
                with suppress(DeviceRefused):
                    await link.subscribe(uuid, partial(self._hear, recording, begun, uuid))
        for uuid in (*MODEL, *SECRET):
            if link.has(uuid):
                with suppress(DeviceRefused):
                    recording.take(Heard(0.0, uuid, await link.read(uuid), read=True))
        self.profile = self._chosen or _guess(link, recording)
        self._say(f"Profile: {self.profile.key if self.profile else 'none fits'}.")
        await self._converse(link)

    def _hear(self, recording: Recording, begun: float, uuid: Uuid, octets: bytes) -> None:
        at = asyncio.get_running_loop().time() - begun
        recording.take(Heard(at, uuid, octets))
        if self._talk is not None:
            for write in self._talk.heard(Indication(uuid=uuid, octets=octets)):
                self._writes.put_nowait(write)

    async def _converse(self, link: BleakLink) -> None:
        """Say what the profile says, until the time is over."""
        hung_up = asyncio.ensure_future(link.hung_up())
        speaking = asyncio.create_task(self._speak(link))
        try:
            await hung_up
        finally:
            speaking.cancel()
            hung_up.cancel()

    async def _speak(self, link: BleakLink) -> None:
        if self.profile is not None:
            self._talk = self.profile.talk(Owner())
            for write in self._talk.begin():
                self._writes.put_nowait(write)
        if link.has(RECORD_ACCESS_CONTROL_POINT):
            self._writes.put_nowait(Write(RECORD_ACCESS_CONTROL_POINT, racp.report_all()))
        while True:
            write = await self._writes.get()
            await asyncio.sleep(write.after_s)
            if isinstance(write, SetClock):  # a recording changes nothing on the device
                continue
            with suppress(DeviceRefused, DeviceLost):
                await link.write(write.uuid, write.octets)


def _guess(link: BleakLink, recording: Recording) -> Profile | None:
    maker, model = recording.text(MANUFACTURER_NAME), recording.text(MODEL_NUMBER)
    return profile_for(link.services(), recording.name, maker, model)
