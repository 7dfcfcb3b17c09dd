"""org.bluez.Device1 of one peripheral: connecting, resolving services, ending, forgetting."""

import asyncio
from typing import Final, NoReturn

from dbus_fast import Variant

from simulators.bluez.call import Call
from simulators.bluez.errors import BluezError, in_progress
from simulators.bluez.gatt import GattObjects
from simulators.bluez.link import RadioLink
from simulators.bluez.settings import ADAPTER_PATH, Timing
from simulators.bluez.tree import ObjectTree, Properties
from simulators.peripherals.any import AnyPeripheral

DEVICE: Final = "org.bluez.Device1"
SETTABLE: Final = {"Trusted": "b", "Blocked": "b", "Alias": "s"}
RSSI: Final = -60


class Device:
    """What BlueZ knows of one peripheral. It is in the tree while it is seen, linked or bonded."""

    def __init__(
        self, peripheral: AnyPeripheral, tree: ObjectTree, timing: Timing, *, bonded: bool = False
    ) -> None:
        self.peripheral = peripheral
        self.path = f"{ADAPTER_PATH}/dev_{peripheral.address.replace(':', '_')}"
        self.gatt = GattObjects(self.path, peripheral.services(), tree)
        self.link: RadioLink | None = None
        self.owner = ""  # the client whose end ends the link
        self.bonded = bonded
        self.encrypted = False
        self.connecting = False
        self._aborts = peripheral.behaviour.abort_connects
        self._pending = peripheral.behaviour.in_progress
        self._key_refusals = 0
        self._tree = tree
        self._timing = timing
        self._seen = asyncio.Event()
        if peripheral.advertising:  # already, when bluetoothd comes back
            self._seen.set()

    # In the tree or not.

    def seen(self) -> None:
        """An advertisement came in while somebody scans."""
        strength = {"RSSI": Variant("n", RSSI)}
        if self.path in self._tree:
            self._tree.change(self.path, DEVICE, strength)
        else:
            self._tree.add(self.path, DEVICE, {**self._first_properties(), **strength})

    def scan_over(self) -> None:
        """Nobody scans any more: BlueZ drops the signal strength."""
        if self.path in self._tree and "RSSI" in self._tree.properties(self.path, DEVICE):
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
            await self.open_link(call.sender)
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
            await asyncio.wait_for(self._seen.wait(), self._timing.connect_s)
        except TimeoutError:
            raise BluezError("Failed", "le-connection-timeout") from None
        finally:
            self.connecting = False
            if not self.peripheral.advertising:
                self.forget_if_gone()
        if self._aborts > 0:
            self._aborts -= 1
            self._abort("le-connection-abort-by-local")
        if self.bonded and not self.peripheral.bonded:
            self._refuse_keys()
        self._link_up(owner)

    def resolve(self) -> None:
        """Show the GATT objects, then say that all are there."""
        if self.link is not None and not self._is("ServicesResolved"):
            self.gatt.show()
            self.change(ServicesResolved=True, UUIDs=self.gatt.uuids)

    def disconnect(self) -> None:
        """End the link, if there is one: first the notify sessions, then the properties."""
        if self.link is None:
            return
        self.link.end()
        self.link, self.owner, self.encrypted = None, "", False
        for remote in self.gatt.by_path.values():
            if remote.listeners:
                remote.listeners.clear()
                remote.show_notifying()
        self.change(ServicesResolved=False, Connected=False)
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

    def _abort(self, reason: str) -> NoReturn:
        """The link came up and ended at once; clients see both, then the error."""
        self.change(Connected=True)
        self.change(Connected=False)
        raise BluezError("Failed", reason)

    def _refuse_keys(self) -> NoReturn:
        """The device has forgotten its keys: BlueZ 5.82 tells two errors in turn, for ever."""
        self._key_refusals += 1
        if self._key_refusals % 2:
            self._abort("le-connection-abort-by-local")
        raise BluezError("Failed", "br-connection-canceled")

    def _link_up(self, owner: str) -> None:
        self.link = RadioLink(self.gatt, self.disconnect, self._timing.confirm_s)
        self.owner = owner
        self.encrypted = self.bonded and self.peripheral.bonded
        self.change(Connected=True)
        self.peripheral.link_up(self.link)

    def _is(self, name: str) -> bool:
        return bool(self._tree.property(self.path, DEVICE, name).value)

    def _first_properties(self) -> Properties:
        address = self.peripheral.address
        said: dict[str, bool | str | list[str]] = {
            "Address": address,
            "AddressType": "public",
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
