"""Reads, writes and notify sessions of characteristics, with BlueZ's errors."""

import asyncio
import os

from dbus_fast import Variant

from simulators.bluez import generic
from simulators.bluez.call import Call
from simulators.bluez.device import Device
from simulators.bluez.errors import BluezError, from_att, timed_out
from simulators.bluez.gatt import CHARACTERISTIC, MTU, RemoteCharacteristic
from simulators.bluez.link import RadioLink
from simulators.bluez.pairing import Pairing
from simulators.bluez.settings import Timing
from simulators.bluez.tree import ObjectTree
from simulators.peripherals.gatt_table import AttError


class Access:
    """GattCharacteristic1 and GattDescriptor1, for all devices."""

    def __init__(self, tree: ObjectTree, pairing: Pairing, timing: Timing) -> None:
        self._tree = tree
        self._pairing = pairing
        self._timing = timing

    async def read(self, device: Device, remote: RemoteCharacteristic, call: Call) -> None:
        """ReadValue: the value is returned and, as BlueZ does, also told to listeners."""
        _refuse_unless("read" in remote.spec.flags, "Read not permitted")
        await self._prepare(device, remote, call.sender)
        if device.peripheral.behaviour.no_answer_to_read:
            await self._leave_unanswered(device, call)
            return
        try:
            own = generic.value(remote.spec.uuid, device.peripheral.name)
            octets = own or await device.peripheral.read(remote.spec.uuid)
        except AttError as error:
            raise from_att(error) from error
        remote.show_value(octets)
        call.answer("ay", [octets])

    async def write(self, device: Device, remote: RemoteCharacteristic, call: Call) -> None:
        """WriteValue."""
        _refuse_unless("write" in remote.spec.flags, "Write not permitted")
        await self._prepare(device, remote, call.sender)
        try:
            await device.peripheral.write(remote.spec.uuid, bytes(call.arguments[0]))
        except AttError as error:
            raise from_att(error) from error
        call.answer()

    async def start_notify(self, device: Device, remote: RemoteCharacteristic, call: Call) -> None:
        """StartNotify: the CCCD is written for the first listener only."""
        link = await self._prepare_to_listen(device, remote, call.sender)
        if link.has_pipe(remote.spec.uuid):
            raise BluezError("NotPermitted", "Notify acquired")
        first = not remote.listeners
        remote.listeners.add(call.sender)
        if first:
            remote.show_notifying()
            device.peripheral.subscribe(remote.spec.uuid)
        if device.peripheral.behaviour.before_reply:
            await asyncio.sleep(self._timing.confirm_s)
        call.answer()

    async def stop_notify(self, device: Device, remote: RemoteCharacteristic, call: Call) -> None:
        """StopNotify."""
        if call.sender not in remote.listeners:
            raise BluezError("Failed", "No notify session started")
        self.drop_listener(device, remote, call.sender)
        call.answer()

    async def acquire(self, device: Device, remote: RemoteCharacteristic, call: Call) -> None:
        """AcquireNotify: values go through a socket instead of signals."""
        uuid = remote.spec.uuid
        link = await self._prepare_to_listen(device, remote, call.sender)
        if link.has_pipe(uuid) or remote.listeners:
            raise BluezError("NotPermitted", "Notify acquired")
        theirs = link.open_pipe(uuid)
        link.watch_pipe(uuid, lambda: self._pipe_closed(device, remote, link))
        self._show_acquired(remote, acquired=True)
        device.peripheral.subscribe(uuid)
        try:
            await call.answer("hq", [0, MTU], [theirs])
        finally:
            os.close(theirs)

    def drop_listener(self, device: Device, remote: RemoteCharacteristic, sender: str) -> None:
        """End one client's session; the CCCD is cleared after the last one."""
        if sender in remote.listeners:
            remote.listeners.discard(sender)
            if not remote.listeners:
                remote.show_notifying()
                device.peripheral.unsubscribe(remote.spec.uuid)

    async def _leave_unanswered(self, device: Device, call: Call) -> None:
        """ATT's own limit: then every request that waits has failed, and the link ends."""
        link = device.link
        if link is None:
            raise timed_out()
        link.blocked = True
        ended = asyncio.ensure_future(link.ended.wait())
        await asyncio.wait({ended}, timeout=self._timing.unanswered_s)
        ended.cancel()
        call.refuse(timed_out())
        link.timed_out.set()
        await asyncio.sleep(0)
        if device.link is link:
            device.disconnect()
            device.forget_if_gone()

    def _pipe_closed(self, device: Device, remote: RemoteCharacteristic, link: RadioLink) -> None:
        link.close_pipe(remote.spec.uuid)
        self._show_acquired(remote, acquired=False)
        device.peripheral.unsubscribe(remote.spec.uuid)

    def _show_acquired(self, remote: RemoteCharacteristic, *, acquired: bool) -> None:
        changed = {"NotifyAcquired": Variant("b", acquired)}
        self._tree.change(remote.path, CHARACTERISTIC, changed)

    async def _prepare_to_listen(
        self, device: Device, remote: RemoteCharacteristic, sender: str
    ) -> RadioLink:
        if not remote.spec.notifies:
            raise BluezError("NotSupported", "Operation is not supported")
        return await self._prepare(device, remote, sender)

    async def _prepare(
        self, device: Device, remote: RemoteCharacteristic, sender: str
    ) -> RadioLink:
        if device.link is not None and remote.spec.encrypted:
            await self._pairing.secure(device, sender)
        await asyncio.sleep(device.peripheral.behaviour.request_s)
        if device.link is None:
            raise BluezError("Failed", "Not connected")
        if device.link.blocked:  # a device answers one request after the other
            await device.link.timed_out.wait()
            raise timed_out()
        return device.link


def _refuse_unless(permitted: bool, text: str) -> None:
    if not permitted:
        raise BluezError("NotPermitted", text)
