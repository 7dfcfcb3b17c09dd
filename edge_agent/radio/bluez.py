"""The Bluetooth of this machine: one scanner, our agent, and a watch over the service itself.

bleak does not notice when bluetoothd restarts: its scanner falls silent and its connections look
alive for ever. So the owner of the name org.bluez is watched here.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from bleak import BleakScanner
from bleak.args.bluez import BlueZDiscoveryFilters
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

from edge_agent.core.allow_list import AllowList
from edge_agent.core.backoff import wait_s
from edge_agent.errors import BluetoothUnavailable, PairingRefused
from edge_agent.logs import log
from edge_agent.ports import Sighting
from edge_agent.radio.adapter import power_cycle
from edge_agent.radio.agent import CAPABILITY, PATH, Agent
from edge_agent.radio.ending import to_the_end
from edge_agent.radio.link import BleakLink
from edge_agent.radio.times import USUAL, Times

BLUEZ: Final = "org.bluez"
# Without it BlueZ, on an adapter that knows LE only, tells nothing of a known device whose signal
# is as strong as before (less than 8 dB apart): its next measurement would never be fetched.
TELL_ALL: Final[BlueZDiscoveryFilters] = {"DuplicateData": True}
FIRST_WAIT_S: Final = 0.5
MOST_WAIT_S: Final = 30.0
CALL_S: Final = 10.0
# The first silence is answered by a new scan, the second one in a row by a reset of the adapter.
SILENCES: Final = 2
# BlueZ refuses for ever to begin what it believes to be under way: reset after so many refusals.
FAILURES: Final = 3


class BluezRadio:
    """See `ports.Radio`."""

    def __init__(
        self,
        allow_list: AllowList,
        passkeys: Mapping[str, str],
        times: Times = USUAL,
        *,
        agent: Agent | None = None,
        hears_all: bool = False,
    ) -> None:
        self._allow_list, self._times = allow_list, times
        self._agent = agent or Agent(allow_list, passkeys)
        self._hears_all = hears_all  # also whom it may not pair with
        self._takers: list[Callable[[Sighting], None]] = []
        self._starters: list[Callable[[], None]] = []
        self._links: set[BleakLink] = set()
        self._heard, self._stuck = asyncio.Event(), asyncio.Event()
        self._silences = 0
        self._scanning = False

    @property
    def available(self) -> bool:
        """See `ports.Radio`."""
        return self._scanning

    def sightings(self, take: Callable[[Sighting], None]) -> None:
        """See `ports.Radio`."""
        self._takers.append(take)

    def starts(self, take: Callable[[], None]) -> None:
        """See `ports.Radio`."""
        self._starters.append(take)

    @asynccontextmanager
    async def connect(self, sighting: Sighting, *, pair: bool) -> AsyncIterator[BleakLink]:
        """See `ports.Radio`."""
        assert isinstance(sighting.handle, BLEDevice)  # noqa: S101 - we made it ourselves
        link = BleakLink(sighting.handle, pair=pair, times=self._times)
        self._links.add(link)
        try:
            await link.open()
            yield link
        except PairingRefused as refused:
            raise PairingRefused(self._agent.explain(sighting.address)) from refused
        finally:
            await link.close()
            self._links.discard(link)
            self._heard.set()

    def reset(self) -> None:
        """See `ports.Radio`."""
        self._stuck.set()
        self._heard.set()  # wakes who waits

    async def run(self) -> None:
        """See `ports.Radio`."""
        failures = 0
        while True:
            try:
                await self._watch()
            except (BluetoothUnavailable, OSError, EOFError) as error:
                failures += 1
                log.warning("bluetooth_unavailable", error=type(error).__name__)
            finally:
                self._lose_all()
            await asyncio.sleep(wait_s(failures, FIRST_WAIT_S, MOST_WAIT_S))

    async def _watch(self) -> None:
        """Follow the owner of org.bluez until the bus itself ends."""
        bus = MessageBus(bus_type=BusType.SYSTEM)
        try:
            await bus.connect()
            bus.export(PATH, self._agent)
            owner = _Owner(bus)
            await owner.follow()
            await self._serve_until_end(owner, bus)
        finally:
            with suppress(OSError):  # its socket may be gone; this must not hide a cancellation
                bus.unexport(PATH)
                bus.disconnect()

    async def _serve_until_end(self, owner: "_Owner", bus: MessageBus) -> None:
        ended = asyncio.ensure_future(bus.wait_for_disconnect())  # type: ignore[no-untyped-call]
        ended.add_done_callback(lambda future: future.cancelled() or future.exception())
        while not ended.done():
            serving = asyncio.create_task(self._serve(bus) if owner.name else _for_ever())
            changed = asyncio.create_task(owner.changed())
            try:
                await asyncio.wait((serving, changed, ended), return_when=asyncio.FIRST_COMPLETED)
            finally:
                await _end(serving, changed)
                self._lose_all()
        raise BluetoothUnavailable

    def _lose_all(self) -> None:
        self._scanning = False
        for link in self._links:
            link.drop()

    async def _serve(self, bus: MessageBus) -> None:
        """Register the agent and scan, again and again until cancelled."""
        failures = 0
        for start in self._starters:
            start()
        while True:
            try:
                await self._scan(bus)
                failures = 0
            except Exception as error:  # noqa: BLE001 - bleak: no adapter, powered off, KeyError..
                failures = 1 if self._scanning else failures + 1
                if failures % FAILURES == 0:
                    self._stuck.set()
                log.warning("scan_failed", error=type(error).__name__)
            self._scanning = False
            await asyncio.sleep(wait_s(failures, FIRST_WAIT_S, MOST_WAIT_S))

    async def _scan(self, bus: MessageBus) -> None:
        if self._stuck.is_set() and not self._links:
            self._stuck.clear()
            await power_cycle(bus, self._times.off_s)
        await _call(bus, "RegisterAgent", "os", [PATH, CAPABILITY])
        await _call(bus, "RequestDefaultAgent", "o", [PATH])
        async with self._scanner():
            self._scanning = True
            log.info("scanning")
            await self._until_stuck()

    @asynccontextmanager
    async def _scanner(self) -> AsyncIterator[None]:
        """Scan. A start that was given up would go on in BlueZ, and no later one succeed."""
        scanner = BleakScanner(self._advertised, bluez={"filters": TELL_ALL})
        try:
            await to_the_end(scanner.start(), CALL_S)
            yield
        finally:
            try:
                await to_the_end(scanner.stop(), CALL_S)
            except Exception as error:  # noqa: BLE001 - the service may be gone
                log.info("scan_not_stopped", error=type(error).__name__)

    async def _until_stuck(self) -> None:
        """Wait until nothing was heard for long, or a reset is asked for and possible."""
        while not (self._stuck.is_set() and not self._links):
            self._heard.clear()
            try:
                async with asyncio.timeout(self._times.silent_s):
                    await self._heard.wait()
            except TimeoutError:
                if not self._links:  # some adapters hear nobody else while they are connected
                    self._silent()
                    return

    def _silent(self) -> None:
        self._silences += 1
        log.warning("scan_silent")
        if self._silences >= SILENCES:
            self._silences = 0
            self._stuck.set()

    def _advertised(self, device: BLEDevice, data: AdvertisementData) -> None:
        self._heard.set()
        self._silences = 0
        if not self._hears_all and self._allow_list.get(device.address) is None:
            return
        name = data.local_name or device.name or ""
        services = tuple(data.service_uuids)
        sighting = Sighting(device.address.upper(), name, data.rssi, device, services)
        for take in self._takers:
            take(sighting)


class _Owner:
    """Who owns the name org.bluez on this bus, if anybody."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._changed = asyncio.Event()
        self.name = ""

    async def follow(self) -> None:
        """Watch before asking, so that no change falls between."""
        self._bus.add_message_handler(self._take)
        rule = f"type='signal',member='NameOwnerChanged',arg0='{BLUEZ}'"
        await _ask(self._bus, "AddMatch", rule)
        reply = await _ask(self._bus, "GetNameOwner", BLUEZ)
        if reply.message_type is MessageType.METHOD_RETURN:
            self.name = reply.body[0]

    async def changed(self) -> None:
        """Return when the owner is another than at the last call."""
        await self._changed.wait()
        self._changed.clear()

    def _take(self, message: Message) -> bool:
        if message.member == "NameOwnerChanged" and message.body[0] == BLUEZ:
            self.name = message.body[2]
            log.info("bluetooth_service", present=bool(self.name))
            self._changed.set()
        return False


async def _ask(bus: MessageBus, member: str, text: str) -> Message:
    name = "org.freedesktop.DBus"
    message = Message(name, "/org/freedesktop/DBus", name, member, signature="s", body=[text])
    return await _reply(bus, message)


async def _call(bus: MessageBus, member: str, signature: str, body: list[Any]) -> None:
    interface = "org.bluez.AgentManager1"
    message = Message(BLUEZ, "/org/bluez", interface, member, signature=signature, body=body)
    reply = await _reply(bus, message)
    failed = reply.message_type is MessageType.ERROR
    if failed and reply.error_name != "org.bluez.Error.AlreadyExists":
        raise BluetoothUnavailable(reply.error_name or "")


async def _reply(bus: MessageBus, message: Message) -> Message:
    async with asyncio.timeout(CALL_S):
        reply = await bus.call(message)
    if reply is None:
        raise BluetoothUnavailable
    return reply


async def _for_ever() -> None:
    await asyncio.Event().wait()


async def _end(*tasks: "asyncio.Future[Any]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
