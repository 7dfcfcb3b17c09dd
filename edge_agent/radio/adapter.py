"""Powers the machine's Bluetooth adapter off and on, the remedy where BlueZ is stuck; hangs up.

Power ends every connection, but keeps every bond. RemoveDevice, which other programs use for the
same, would destroy the bond, and only a person at the device can make a new one.
"""

import asyncio

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from edge_agent.errors import BluetoothUnavailable
from edge_agent.logs import log

ADAPTER = "org.bluez.Adapter1"
DEVICE = "org.bluez.Device1"
NOT_CONNECTED = "org.bluez.Error.NotConnected"
CALL_S = 10.0


async def power_cycle(bus: MessageBus, off_s: float) -> None:
    """Power the first adapter that is on off and on. Raises BluetoothUnavailable."""
    manager = "org.freedesktop.DBus.ObjectManager"
    objects = await _call(bus, "/", manager, "GetManagedObjects")
    on = sorted(
        path
        for path, interfaces in objects[0].items()
        if ADAPTER in interfaces and interfaces[ADAPTER]["Powered"].value
    )
    if not on:
        raise BluetoothUnavailable("no_adapter")
    log.warning("adapter_reset")
    await _power(bus, on[0], on=False)
    try:
        await asyncio.sleep(off_s)
    finally:  # whatever happens, never leave it off
        await _power(bus, on[0], on=True)


async def hang_up(path: str) -> None:
    """Have BlueZ disconnect a device. Raises BluetoothUnavailable."""
    bus = MessageBus(bus_type=BusType.SYSTEM)  # our own: the radio may have ended its already
    try:
        await bus.connect()
        await _call(bus, path, DEVICE, "Disconnect")
    except BluetoothUnavailable as error:
        if error.detail != NOT_CONNECTED:  # that one says that the device was first
            raise
    finally:
        connected = bus.connected
        bus.disconnect()
        if connected:  # else it would never end
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]


async def _power(bus: MessageBus, path: str, *, on: bool) -> None:
    properties = "org.freedesktop.DBus.Properties"
    await _call(bus, path, properties, "Set", "ssv", [ADAPTER, "Powered", Variant("b", on)])


async def _call(
    bus: MessageBus,
    path: str,
    interface: str,
    member: str,
    signature: str = "",
    body: list[object] | None = None,
) -> list[dict[str, dict[str, dict[str, Variant]]]]:
    message = Message("org.bluez", path, interface, member, signature=signature, body=body or [])
    async with asyncio.timeout(CALL_S):
        reply = await bus.call(message)
    if reply is None or reply.message_type is MessageType.ERROR:
        raise BluetoothUnavailable((reply and reply.error_name) or "no_answer")
    return reply.body
