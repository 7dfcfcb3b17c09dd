"""What all simulated devices share: advertising, link, clock, battery, schedule, hang-up."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Final, Generic, TypeVar
from zoneinfo import ZoneInfo

from device_profiles import gatt
from device_profiles.gatt import Uuid
from simulators.peripherals.clock import DeviceClock
from simulators.peripherals.gatt_table import (
    READ_NOT_PERMITTED,
    WRITE_NOT_PERMITTED,
    AttError,
    Characteristic,
    Link,
    LinkLost,
    Service,
)
from simulators.peripherals.spec import DeviceSpec, Measurement
from simulators.peripherals.window import Window
from simulators.taken import Taken

FIRMWARE: Final = "1.0.0"
MANUFACTURER: Final = "Hearthline Simulators"


@dataclass(frozen=True, slots=True)
class World:
    """What is around a device: the zone, how fast waiting passes, who notes what was taken."""

    zone: ZoneInfo
    speed: float
    take_note: Callable[[Taken], None]


M = TypeVar("M", bound=Measurement)


def _nobody() -> None:
    """Nobody watches yet."""


class Peripheral(ABC, Generic[M]):
    """One device. BlueZ calls link_up, read, write, subscribe, ...; it calls Link back."""

    service: ClassVar[Uuid]
    model: ClassVar[str]
    shows_time: ClassVar[bool] = True  # it has the Current Time Service

    def __init__(self, spec: DeviceSpec, measurements: tuple[M, ...], world: World) -> None:
        self.address = spec.address
        self.name = spec.name
        self.passkey = None if spec.pin is None else int(spec.pin)
        self.bonded = False  # the device's own memory of the bond
        self.holds_old_bond = False  # with a hub that has lost its half: it takes no new one
        self.behaviour = spec.behaviour
        self.clock = DeviceClock(
            world.zone,
            timedelta(seconds=spec.clock_error_s),
            state=spec.behaviour.clock,
            locked=spec.behaviour.clock_locked,
        )
        self.needs_bond = spec.pin is not None or spec.behaviour.bond
        self._battery = spec.battery
        self._measurements = sorted(measurements, key=lambda one: one.after_s)
        self._world = world
        self._window = Window(self._advertising_changed, self._window_ended)
        self._listener: Callable[[], None] = _nobody
        self._link: Link | None = None
        self._cccds: set[Uuid] = set()
        self._goodbye: asyncio.TimerHandle | None = None
        self._leaving = False
        self._records = 0  # told in this connection
        self.connections = 0
        self._tasks: set[asyncio.Task[None]] = set()

    # What a kind of device says about itself.

    @abstractmethod
    def measurement_service(self) -> Service:
        """Return its medical service."""

    def further_services(self) -> tuple[Service, ...]:
        """Return other medical services of the same device."""
        return ()

    @abstractmethod
    def take(self, measurement: M) -> None:
        """Make the octets, note them as taken, keep them for delivery."""

    @abstractmethod
    def waiting(self) -> bool:
        """Tell whether something has not been delivered yet."""

    def deliver_soon(self) -> None:
        """Something may be deliverable now: a subscription was made or a measurement taken."""

    def lost_link(self) -> None:
        """The link has ended."""

    def window_over(self) -> None:
        """It has advertised long enough."""

    def values(self) -> dict[Uuid, bytes]:
        """Return what can be read and seldom changes."""
        return {gatt.BATTERY_LEVEL: bytes([self._battery]), **self._about()}

    # What BlueZ sees.

    @property
    def advertising(self) -> bool:
        """Tell whether a scan would find it now."""
        return self._window.open and self._link is None

    @property
    def connected(self) -> bool:
        """Tell whether a central is there."""
        return self._link is not None

    def on_advertising(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever `advertising` may have changed."""
        self._listener = listener

    def services(self) -> tuple[Service, ...]:
        """Return the whole table, in the order of its handles."""
        time = Characteristic(gatt.CURRENT_TIME, ("read", "write"), self.needs_bond)
        battery = Characteristic(gatt.BATTERY_LEVEL, ("read",), self.needs_bond)
        about = tuple(Characteristic(uuid, ("read",)) for uuid in self._about())
        return (
            Service(gatt.DEVICE_INFORMATION_SERVICE, about),
            *((Service(gatt.CURRENT_TIME_SERVICE, (time,)),) if self.shows_time else ()),
            Service(gatt.BATTERY_SERVICE, (battery,)),
            self.measurement_service(),
            *self.further_services(),
        )

    def link_up(self, link: Link) -> None:
        """A central has connected."""
        self._link = link
        self._records = 0
        self.connections += 1
        self._advertising_changed()
        self._stay()

    def link_down(self) -> None:
        """The link has ended, whoever ended it."""
        self._link = None
        self._cccds.clear()
        if self._goodbye is not None:
            self._goodbye.cancel()
        self.lost_link()
        self._advertising_changed()

    async def read(self, uuid: Uuid) -> bytes:
        """Answer a read request."""
        self._touch()
        if uuid == gatt.CURRENT_TIME:
            return self.clock.read()
        value = self.values().get(uuid)
        if value is None:
            raise AttError(READ_NOT_PERMITTED)
        return value

    async def write(self, uuid: Uuid, octets: bytes) -> None:
        """Answer a write request."""
        self._touch()
        if uuid != gatt.CURRENT_TIME:
            raise AttError(WRITE_NOT_PERMITTED)
        self.clock.write(octets)

    def subscribe(self, uuid: Uuid) -> None:
        """The central has switched notifications or indications on."""
        self._touch()
        self._cccds.add(uuid)
        self.deliver_soon()

    def unsubscribe(self, uuid: Uuid) -> None:
        """The central has switched them off."""
        self._cccds.discard(uuid)

    # Its own life.

    def begin(self) -> None:
        """Take what was measured before the start, at once, and advertise."""
        if self.behaviour.pairing_s:
            self._window.open_for(self.behaviour.pairing_s)
        for measurement in self._measurements:
            if measurement.after_s == 0:
                self.take(measurement)
                self._window.open_for(self.behaviour.window_s)

    async def live(self) -> None:
        """Take each further measurement when it is due; ends after the last one."""
        started = asyncio.get_running_loop().time()
        for measurement in self._measurements:
            if measurement.after_s > 0:
                due = started + measurement.after_s / self._world.speed
                await asyncio.sleep(due - asyncio.get_running_loop().time())
                self.measure(measurement)

    def measure(self, measurement: M) -> None:
        """Take a measurement now."""
        self.take(measurement)
        self._window.open_for(self.behaviour.window_s)
        self.deliver_soon()

    def pairing_mode(self) -> None:
        """Somebody presses the button: the old bond is forgotten, and it can be found."""
        self.bonded = self.holds_old_bond = False
        self._window.open_for(self.behaviour.window_s)

    def hang_up(self) -> None:
        """End the connection now, whatever waits."""
        if self._link is not None:
            self._link.hang_up()

    def stop(self) -> None:
        """End what it does by itself."""
        self._window.shut()
        for task in self._tasks:
            task.cancel()

    def _about(self) -> dict[Uuid, bytes]:
        serial = "SIM-" + self.address.replace(":", "")
        return {
            gatt.MANUFACTURER_NAME: MANUFACTURER.encode(),
            gatt.MODEL_NUMBER: self.model.encode(),
            gatt.SERIAL_NUMBER: serial.encode(),
            gatt.FIRMWARE_REVISION: FIRMWARE.encode(),
        }

    def _start(
        self, work: Callable[[Link], Coroutine[Any, Any, None]]
    ) -> asyncio.Task[None] | None:
        """Run something that needs the link; a lost link ends it quietly."""
        if self._link is None:
            return None
        task = asyncio.get_running_loop().create_task(_until_lost(work(self._link)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _delivered(self) -> None:
        """Once all is told: advertise no more, and hang up soon whatever is asked until then."""
        if self.waiting():
            return
        self._window.shut()
        self._leaving = True
        self._hang_up_in(self.behaviour.hang_up_s)

    def _count_record(self) -> None:
        """A record was told; end the connection where it is one of those that break off."""
        self._records += 1
        if self._records == self.behaviour.hang_up_after_records:
            self.hang_up()
            raise LinkLost

    def _stay(self) -> None:
        """There is something to tell again: the hang-up waits."""
        self._leaving = False
        self._touch()

    def _touch(self) -> None:
        """A request came: count the idle time anew."""
        if not self._leaving:
            self._hang_up_in(self.behaviour.idle_s)

    def _hang_up_in(self, seconds: float) -> None:
        if self._goodbye is not None:
            self._goodbye.cancel()
        if self._link is not None:
            self._goodbye = asyncio.get_running_loop().call_later(seconds, self._link.hang_up)

    def _window_ended(self) -> None:
        self.window_over()
        if self.waiting():
            rest = self.behaviour.again_s / self._world.speed
            asyncio.get_running_loop().call_later(rest, self._advertise_again)

    def _advertise_again(self) -> None:
        if self.waiting():
            self._window.open_for(self.behaviour.window_s)

    def _advertising_changed(self) -> None:
        self._listener()


async def _until_lost(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except LinkLost:
        return
