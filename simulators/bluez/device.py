"""org.bluez.Device1 of one peripheral: connecting, resolving services, ending, forgetting."""

import asyncio
from typing import Final

from dbus_fast import Variant

from device_profiles.gatt import BATTERY_LEVEL
from simulators.bluez.call import Call
from simulators.bluez.errors import BluezError, in_progress
from simulators.bluez.gatt import GattObjects
from simulators.bluez.generic import GENERIC
from simulators.bluez.link import RadioLink
from simulators.bluez.settings import ADAPTER_PATH, Timing
from simulators.bluez.tree import ObjectTree, Properties
from simulators.peripherals.any import AnyPeripheral

DEVICE: Final = "org.bluez.Device1"
SETTABLE: Final = {"Trusted": "b", "Blocked": "b", "Alias": "s"}
BATTERY: Final = "org.bluez.Battery1"
SOURCE: Final = "GATT Battery Service"
RSSI: Final = -60
STATIC: Final = 0xC0  # the first two bits of a random static address are set


class Aborted(BluezError):
    """The link came up and ended at once. Clients see the first, the error, then the second."""

    def __init__(self) -> None:
        super().__init__("Failed", "le-connection-abort-by-local")


class Device:
    """What BlueZ knows of one peripheral. It is in the tree while it is seen, linked or bonded."""

    def __init__(
        self, peripheral: AnyPeripheral, tree: ObjectTree, timing: Timing, *, bonded: bool = False
    ) -> None:
        self.peripheral = peripheral
        self.path = f"{ADAPTER_PATH}/dev_{peripheral.address.replace(':', '_')}"
        self.gatt = GattObjects(self.path, (*GENERIC, *peripheral.services()), tree)
        self.link: RadioLink | None = None
        self.owner = ""  # the client whose end ends the link
        self.bonded = bonded
        self.encrypted = False
        self.connecting = False
        self._aborts = peripheral.behaviour.abort_connects
        self._pending = peripheral.behaviour.in_progress
        self._tree = tree
        self._timing = timing
        self._seen, self._canceled = asyncio.Event(), asyncio.Event()
        if peripheral.advertising:  # already, when bluetoothd comes back
            self._seen.set()

    # In the tree or not.

    def seen(self, *, every: bool = True) -> None:
        """An advertisement came in while somebody scans.

        A scan without a filter is told of a known device only when its signal has changed, and
        ours is steady; `every` is for a scan with one.
        """
        strength = {"RSSI": Variant("n", RSSI)}
        if self.path not in self._tree:
            self._tree.add(self.path, DEVICE, {**self._first_properties(), **strength})
        elif every or not self._told("RSSI"):
            self._tree.change(self.path, DEVICE, strength)

    def scan_over(self) -> None:
        """Nobody scans any more: BlueZ drops the signal strength."""
        if self.path in self._tree and self._told("RSSI"):
            self._tree.change(self.path, DEVICE, {}, ["RSSI"])

    def advertising_changed(self) -> None:
        """Wake a connection attempt that waits for it, or forget a device that has gone."""
        if self.peripheral.advertising:
            self._seen.set()
        else:
            self._seen.clear()
            self.forget_if_gone()

    def forget_if_gone(self) -> None:
        """Remove what is neither advertising, linked, being connected nor bonded."""
        kept = self.peripheral.advertising or self.link or self.connecting or self.bonded
        if not kept:
            self.forget()

    def forget(self) -> None:
        """Remove its objects."""
        if self.path in self._tree:
            self.gatt.hide()
            self._tree.remove(self.path)

    def unbond(self) -> None:
        """RemoveDevice: end the link and forget the bond; the peripheral may keep its half."""
        self.disconnect()
        self.bonded = False
        self.forget()

    # Connecting.

    async def connect(self, call: Call) -> None:
        """Connect(): the answer comes before the services are resolved."""
        if self.link is None:
            try:
                await self.open_link(call.sender)
            except Aborted as aborted:
                call.refuse(aborted)
                self.change(Connected=False)
                return
        call.answer()
        self.resolve()

    async def open_link(self, owner: str) -> None:
        """Wait until it advertises, then connect."""
        if self._pending > 0:
            self._pending -= 1
            raise in_progress()
        if self.connecting:
            raise in_progress()
        self.connecting = True
        try:
            await self._advertised()
        finally:
            self.connecting = False
            if not self.peripheral.advertising:
                self.forget_if_gone()
        # The device has forgotten its keys: BlueZ 5.82 says the same each time, for ever.
        keys_gone = self.bonded and not self.peripheral.bonded
        if self._aborts > 0 or keys_gone:
            self._aborts = max(0, self._aborts - 1)
            self.change(Connected=True)
            raise Aborted
        self._link_up(owner)

    def cancel_connecting(self) -> None:
        """Disconnect() while an attempt waits: its Connect fails."""
        self._canceled.set()

    async def _advertised(self) -> None:
        """Wait for an advertisement, or raise why there was none."""
        self._canceled.clear()
        waits = [asyncio.ensure_future(one.wait()) for one in (self._seen, self._canceled)]
        try:
            first = asyncio.FIRST_COMPLETED
            await asyncio.wait(waits, timeout=self._timing.connect_s, return_when=first)
        finally:
            for wait in waits:
                wait.cancel()
        if self._canceled.is_set():
            raise BluezError("Failed", "br-connection-canceled")
        if not self._seen.is_set():
            raise BluezError("Failed", "le-connection-timeout")

    def resolve(self) -> None:
        """Show the GATT objects, then say that all are there."""
        if self.link is None or self._is("ServicesResolved"):
            return
        known = self.gatt.shown
        if known:  # what was read of a device before is believed, its battery at once
            self.show_battery()
            self.change(ServicesResolved=True)
        else:
            self.gatt.show()
            self.change(ServicesResolved=True, UUIDs=self.gatt.uuids)
            self.show_battery()

    def show_battery(self) -> None:
        """Show Battery1: bluetoothd reads the level of every device that has one."""
        level = self.peripheral.values().get(BATTERY_LEVEL)
        if level and self.link is not None and not self._tree.has(self.path, BATTERY):
            said = {"Percentage": Variant("y", level[0]), "Source": Variant("s", SOURCE)}
            self._tree.add(self.path, BATTERY, said)

    def disconnect(self) -> None:
        """End the link, if there is one: first the properties, then the notify sessions."""
        if self.link is None:
            return
        self.link.end()
        self.link, self.owner, self.encrypted = None, "", False
        self.change(ServicesResolved=False, Connected=False)
        if self._tree.has(self.path, BATTERY):
            self._tree.remove(self.path, BATTERY)
        for remote in self.gatt.by_path.values():
            if remote.listeners:
                remote.listeners.clear()
                remote.show_notifying()
        self.peripheral.link_down()
        behaviour = self.peripheral.behaviour
        if behaviour.lose_bond and self.peripheral.connections == behaviour.lose_bond_after:
            self.lose_bond(behaviour.lose_bond)

    def lose_bond(self, side: str) -> None:
        """One side forgets the bond; the other does not know of it."""
        if side == "device":
            self.peripheral.bonded = False
            return
        self.bonded = False
        self.peripheral.holds_old_bond = True
        if self.path in self._tree:
            self.change(Paired=False, Bonded=False)

    def power_off(self) -> None:
        """The adapter is off: no link, and no attempt that still waits."""
        self._pending = 0
        self.disconnect()
        self.forget_if_gone()

    def change(self, **changes: bool | str | list[str]) -> None:
        """Change properties of Device1 in one signal."""
        changed = {name: _variant(value) for name, value in changes.items()}
        self._tree.change(self.path, DEVICE, changed)

    def set_property(self, name: str, value: Variant) -> None:
        """Properties.Set."""
        if SETTABLE.get(name) != value.signature:
            raise BluezError("org.freedesktop.DBus.Error.PropertyReadOnly", f"{name} is read-only")
        self._tree.change(self.path, DEVICE, {name: value})

    def _link_up(self, owner: str) -> None:
        self.link = RadioLink(self.gatt, self.disconnect, self._timing.confirm_s)
        self.owner = owner
        self.encrypted = self.bonded and self.peripheral.bonded
        self.change(Connected=True)
        self.peripheral.link_up(self.link)

    def _told(self, name: str) -> bool:
        return name in self._tree.properties(self.path, DEVICE)

    def _is(self, name: str) -> bool:
        return bool(self._tree.property(self.path, DEVICE, name).value)

    def _first_properties(self) -> Properties:
        address = self.peripheral.address
        said: dict[str, bool | str | list[str]] = {
            "Address": address,
            "AddressType": "random" if int(address[:2], 16) >= STATIC else "public",
            "Name": self.peripheral.name,
            "Alias": self.peripheral.name,
            "UUIDs": [self.peripheral.service],
            "Connected": False,
            "Paired": self.bonded,
            "Bonded": self.bonded,
            "Trusted": self.bonded,
            "Blocked": False,
            "LegacyPairing": False,
            "ServicesResolved": False,
        }
        properties = {name: _variant(value) for name, value in said.items()}
        properties["Adapter"] = Variant("o", ADAPTER_PATH)
        return properties


def _variant(value: bool | str | list[str]) -> Variant:
    signature = "b" if isinstance(value, bool) else "s" if isinstance(value, str) else "as"
    return Variant(signature, value)
