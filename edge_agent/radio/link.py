"""A connection to one device by bleak, with a time limit of our own around every call."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.service import BleakGATTServiceCollection
from bleak.exc import BleakDBusError, BleakGATTProtocolError

from device_profiles.gatt import Uuid
from edge_agent.errors import DeviceLost, DeviceRefused, PairingRefused
from edge_agent.radio.adapter import hang_up
from edge_agent.radio.ending import to_the_end
from edge_agent.radio.times import USUAL, Times

T = TypeVar("T")

# How BlueZ 5.82 refuses to connect to a device that has forgotten its keys.
KEYS_GONE: Final = "br-connection-canceled"
# More often it ends every attempt after a moment, as radio interference does once or twice
# (le-connection-abort-by-local); bleak then tries for as long as it may, and tells nobody why.
ABORTS: Final = 5
PAIRING_ERRORS: Final = frozenset(
    {
        "org.bluez.Error.AuthenticationFailed",
        "org.bluez.Error.AuthenticationCanceled",
        "org.bluez.Error.AuthenticationRejected",
        "org.bluez.Error.AuthenticationTimeout",
        "org.bluez.Error.NotPermitted",  # "Not paired"; a plain refusal is an ATT error
        "ATT 0x05",  # insufficient authentication
        "ATT 0x08",  # insufficient authorisation
        "ATT 0x0f",  # insufficient encryption
    }
)
# BlueZ calls many things Failed; these of its texts mean something to us, and name nobody.
TOLD_APART: Final = frozenset({KEYS_GONE})


class BleakLink:
    """See `ports.Link`."""

    def __init__(self, device: BLEDevice, *, pair: bool, times: Times = USUAL) -> None:
        self._gone, self._open, self._times = asyncio.Event(), False, times
        self._aborts = 0
        self._path, self._told = device.details["path"], asyncio.Event()
        self._services = BleakGATTServiceCollection()
        self._client = BleakClient(
            device, disconnected_callback=self._disconnected, pair=pair, timeout=times.connect_s
        )

    async def open(self) -> None:
        """Connect and find out what the device has."""
        try:
            await self._limited(self._client.connect(), self._times.connect_s)
        except DeviceLost:
            if self._aborts < ABORTS:
                raise
            raise DeviceRefused(KEYS_GONE) from None
        if not self._client.is_connected:  # it hung up meanwhile, and bleak has no services then
            raise DeviceLost
        self._open, self._services = True, self._client.services

    async def close(self) -> None:
        """Disconnect, also where the hub is stopping. What fails here has no consequence."""
        # A connection left half closed would go on listening, beside the next one.
        await to_the_end(self._close(), 3 * self._times.close_s)

    async def _close(self) -> None:
        await self._try(self._hear_out())
        await self._try(self._client.disconnect())
        self.drop()

    async def _hear_out(self) -> None:
        """Have BlueZ disconnect, and wait until bleak tells of it: values come before that.

        bleak stops listening when BlueZ answers that the device has just hung up by itself; what
        it indicated before, and BlueZ confirmed, would stay unread in a socket.
        """
        if self._open and not self._told.is_set():
            await hang_up(self._path)
            await self._told.wait()

    async def _try(self, call: Coroutine[Any, Any, None]) -> None:
        try:
            async with asyncio.timeout(self._times.close_s):
                await call
        except Exception:  # noqa: BLE001, S110 - bleak raises anything when BlueZ is gone
            pass

    def has(self, uuid: Uuid) -> bool:
        """See `ports.Link`."""
        return self._find(uuid) is not None

    def indicates(self, uuid: Uuid) -> bool:
        """See `ports.Link`. Where a device offers both, BlueZ's choice is not ours to guess."""
        there = self._find(uuid)
        return there is not None and "indicate" in there.properties

    def services(self) -> list[Uuid]:
        """See `ports.Link`."""
        return [service.uuid.lower() for service in self._services]

    def characteristics(self) -> list[tuple[Uuid, frozenset[str]]]:
        """Return all characteristics with what can be done with each."""
        found = self._services.characteristics.values()
        return [(one.uuid.lower(), frozenset(map(str, one.properties))) for one in found]

    async def subscribe(self, uuid: Uuid, take: Callable[[bytes], None]) -> None:
        """See `ports.Link`. StartNotify, bleak's default, also keeps what comes very early."""
        await self._limited(
            self._client.start_notify(self._there(uuid), lambda _, octets: take(bytes(octets))),
            self._times.call_s,
        )

    async def read(self, uuid: Uuid) -> bytes:
        """See `ports.Link`."""
        there = self._there(uuid)
        return bytes(await self._limited(self._client.read_gatt_char(there), self._times.call_s))

    async def write(self, uuid: Uuid, octets: bytes) -> None:
        """See `ports.Link`."""
        there = self._there(uuid)
        # Makers' command characteristics often take writes without response only.
        response = "write" in there.properties
        await self._limited(
            self._client.write_gatt_char(there, octets, response=response), self._times.call_s
        )

    async def hung_up(self) -> None:
        """See `ports.Link`."""
        await self._gone.wait()

    def drop(self) -> None:
        """See `ports.Link`."""
        self._gone.set()

    def _find(self, uuid: Uuid) -> BleakGATTCharacteristic | None:
        """Return the first with this UUID; bleak's own search raises where there are several."""
        found = self._services.characteristics
        return next((found[handle] for handle in sorted(found) if found[handle].uuid == uuid), None)

    def _there(self, uuid: Uuid) -> BleakGATTCharacteristic:
        found = self._find(uuid)
        if found is None:
            raise DeviceRefused("no_characteristic")
        return found

    def _disconnected(self, _: BleakClient) -> None:
        if self._open:
            self._told.set()
            self._gone.set()
            return
        self._aborts += 1  # bleak also calls this for its own retries, before connect() returns
        if self._aborts == ABORTS:
            self._gone.set()

    async def _limited(self, call: Coroutine[Any, Any, T], seconds: float) -> T:
        """Wait for a call, but not longer than for its limit or the end of the connection."""
        task, gone = asyncio.ensure_future(call), asyncio.ensure_future(self._gone.wait())
        try:
            await asyncio.wait((task, gone), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return _result(task, self._gone.is_set())
        finally:
            gone.cancel()
            task.cancel()
            await asyncio.wait((task, gone), timeout=self._times.close_s)
        if self._gone.is_set():
            raise DeviceLost
        raise DeviceRefused("TimeoutError")


def _result(task: "asyncio.Future[T]", gone: bool) -> T:
    try:
        return task.result()
    except Exception as error:  # noqa: BLE001
        # bleak raises anything from BleakError to KeyError and AssertionError; its texts hold
        # addresses, so only the kind of the error goes on.
        if gone:
            raise DeviceLost from None
        kind = _kind(error)
        raise (PairingRefused if kind in PAIRING_ERRORS else DeviceRefused)(kind) from None


def _kind(error: Exception) -> str:
    if isinstance(error, BleakGATTProtocolError):
        return f"ATT {error.code:#04x}"
    if not isinstance(error, BleakDBusError):
        return type(error).__name__
    told = error.dbus_error_details
    return told if told in TOLD_APART else error.dbus_error
