"""org.bluez on the bus: takes every method call and leads it to the part that answers."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from typing import Any, Final

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

from simulators.bluez.access import Access
from simulators.bluez.adapter import ADAPTER, Adapter
from simulators.bluez.agent import Agents
from simulators.bluez.call import Call, Handler
from simulators.bluez.device import DEVICE, Device
from simulators.bluez.errors import BluezError, unknown_object
from simulators.bluez.gatt import CHARACTERISTIC, DESCRIPTOR, RemoteCharacteristic
from simulators.bluez.outbox import Outbox
from simulators.bluez.pairing import Pairing
from simulators.bluez.settings import ADAPTER_PATH, Timing
from simulators.bluez.tree import OBJECT_MANAGER, PROPERTIES, ObjectTree
from simulators.peripherals.any import AnyPeripheral

log = logging.getLogger(__name__)

NAME: Final = "org.bluez"
MANAGER: Final = "org.bluez.AgentManager1"
CHARACTERISTIC_LENGTH: Final = len("/serviceXXXX/charXXXX")

OnDevice = Callable[[Device, Call], Awaitable[None]]
OnCharacteristic = Callable[[Device, RemoteCharacteristic, Call], Awaitable[None]]


class Bluez:
    """The whole simulated bluetoothd."""

    def __init__(
        self,
        bus: MessageBus,
        peripherals: Sequence[AnyPeripheral],
        timing: Timing,
        bonds: Collection[str] = (),
    ) -> None:
        self._bus = bus
        self.calls: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._outbox = Outbox(bus)
        self._tree = ObjectTree(self._emit)
        devices = [
            Device(peripheral, self._tree, timing, bonded=peripheral.address in bonds)
            for peripheral in peripherals
        ]
        self._devices = {device.path: device for device in devices}
        self._agents = Agents(bus)
        self._pairing = Pairing(self._agents)
        self._access = Access(self._tree, self._pairing, timing)
        self.adapter = Adapter(self._devices, self._tree, timing)
        self._agents.on_change(self.adapter.show_pairable)
        self._tree.add("/org/bluez", MANAGER, {})
        self._handlers = self._routes()
        for device in devices:
            device.peripheral.on_advertising(self._advertising_changed(device))
            if device.bonded:
                device.seen()  # bluetoothd reads what it stored

    async def serve(self) -> None:
        """Own the name and answer until the bus or the task ends."""
        self._bus.add_message_handler(self._receive)
        rule = "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'"
        await self._bus.call(
            Message(
                destination="org.freedesktop.DBus",
                path="/org/freedesktop/DBus",
                interface="org.freedesktop.DBus",
                member="AddMatch",
                signature="s",
                body=[rule],
            )
        )
        await self._bus.request_name(NAME)
        self._spawn(self._outbox.empty())
        self._spawn(self.adapter.advertise())

    def stop(self) -> None:
        """Answer no more. Every link ends, as with the process of bluetoothd."""
        self._bus.remove_message_handler(self._receive)
        for task in self._tasks:
            task.cancel()
        for device in self._devices.values():
            device.disconnect()

    @property
    def bonds(self) -> frozenset[str]:
        """Return the addresses of bonded devices: what bluetoothd keeps on disk."""
        return frozenset(one.peripheral.address for one in self._devices.values() if one.bonded)

    def device(self, address: str) -> Device:
        """Return the device with this address."""
        return next(one for one in self._devices.values() if one.peripheral.address == address)

    def _routes(self) -> dict[tuple[str, str], Handler]:
        adapter, agents, access = self.adapter, self._agents, self._access
        return {
            (OBJECT_MANAGER, "GetManagedObjects"): self._managed,
            (PROPERTIES, "Get"): self._get,
            (PROPERTIES, "GetAll"): self._get_all,
            (PROPERTIES, "Set"): self._set,
            (MANAGER, "RegisterAgent"): agents.register,
            (MANAGER, "RequestDefaultAgent"): agents.make_default,
            (MANAGER, "UnregisterAgent"): agents.unregister,
            (ADAPTER, "SetDiscoveryFilter"): adapter.set_filter,
            (ADAPTER, "StartDiscovery"): adapter.start,
            (ADAPTER, "StopDiscovery"): adapter.stop,
            (ADAPTER, "RemoveDevice"): adapter.remove_device,
            (DEVICE, "Connect"): self._on_device(Device.connect),
            (DEVICE, "Disconnect"): self._on_device(_disconnect),
            (DEVICE, "Pair"): self._on_device(self._pairing.pair),
            (CHARACTERISTIC, "ReadValue"): self._on_characteristic(access.read),
            (CHARACTERISTIC, "WriteValue"): self._on_characteristic(access.write),
            (CHARACTERISTIC, "StartNotify"): self._on_characteristic(access.start_notify),
            (CHARACTERISTIC, "StopNotify"): self._on_characteristic(access.stop_notify),
            (CHARACTERISTIC, "AcquireNotify"): self._on_characteristic(access.acquire),
            (DESCRIPTOR, "ReadValue"): self._read_descriptor,
            (DESCRIPTOR, "WriteValue"): self._write_descriptor,
        }

    # From the bus.

    def _receive(self, message: Message) -> bool:
        if message.member == "NameOwnerChanged" and message.sender == "org.freedesktop.DBus":
            name, _, new_owner = message.body
            if not new_owner:
                self._client_gone(name)
            return False
        if message.message_type is not MessageType.METHOD_CALL:
            return False
        handler = self._handlers.get((message.interface or "", message.member or ""))
        if handler is None:
            return False  # dbus-fast answers Ping and UnknownMethod
        self.calls[message.member or ""] += 1
        self._spawn(self._handle(handler, Call(message, self._outbox.send)))
        return True

    async def _handle(self, handler: Handler, call: Call) -> None:
        try:
            await handler(call)
            if not call.answered:
                call.answer()
        except BluezError as error:
            call.refuse(error)
        except Exception:  # a fault of the simulator itself must not silence the whole bus
            log.exception("simulator_fault")
            call.refuse(BluezError("Failed", "fault in the simulator"))

    def _client_gone(self, sender: str) -> None:
        self._agents.client_gone(sender)
        self.adapter.client_gone(sender)
        for device in self._devices.values():
            for remote in device.gatt.by_path.values():
                self._access.drop_listener(device, remote, sender)
            if device.owner == sender:
                device.disconnect()
                device.forget_if_gone()

    def _advertising_changed(self, device: Device) -> Callable[[], None]:
        def changed() -> None:
            device.advertising_changed()
            self.adapter.advertised(device)

        return changed

    # Objects and properties.

    async def _managed(self, call: Call) -> None:
        call.answer("a{oa{sa{sv}}}", [self._tree.managed()])

    async def _get(self, call: Call) -> None:
        call.answer("v", [self._tree.property(call.path, *call.arguments)])

    async def _get_all(self, call: Call) -> None:
        call.answer("a{sv}", [self._tree.properties(call.path, *call.arguments)])

    async def _set(self, call: Call) -> None:
        interface, name, value = call.arguments
        self._tree.properties(call.path, interface)
        if interface == ADAPTER and call.path == ADAPTER_PATH:
            self.adapter.set_property(name, value)
        else:
            self._device(call.path).set_property(name, value)

    async def _read_descriptor(self, call: Call) -> None:
        characteristic = call.path.rpartition("/")[0]
        _, remote = self._characteristic(characteristic)
        on = bool(remote.listeners)
        bits = (0b10 if "indicate" in remote.spec.flags else 0b01) if on else 0
        call.answer("ay", [bytes([bits, 0])])

    async def _write_descriptor(self, call: Call) -> None:
        self._characteristic(call.path.rpartition("/")[0])
        raise BluezError("NotPermitted", "Write not permitted")  # CCCDs are BlueZ's own

    # From paths to things.

    def _on_device(self, handler: OnDevice) -> Handler:
        async def handle(call: Call) -> None:
            await handler(self._device(call.path), call)

        return handle

    def _on_characteristic(self, handler: OnCharacteristic) -> Handler:
        async def handle(call: Call) -> None:
            await handler(*self._characteristic(call.path), call)

        return handle

    def _device(self, path: str) -> Device:
        device = self._devices.get(path)
        if device is None or path not in self._tree:
            raise unknown_object(path)
        return device

    def _characteristic(self, path: str) -> tuple[Device, RemoteCharacteristic]:
        device = self._device(path[:-CHARACTERISTIC_LENGTH])
        if path not in self._tree:
            raise unknown_object(path)
        return device, device.gatt.by_path[path]

    def _emit(self, signal: Message) -> None:
        self._outbox.send(signal)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _disconnect(device: Device, call: Call) -> None:
    """Disconnect(): both properties in one signal, then the answer (as 5.82 does).

    Where there is no link it is answered, too: that is what was asked for.
    """
    device.cancel_connecting()
    device.disconnect()
    call.answer()
    device.forget_if_gone()
