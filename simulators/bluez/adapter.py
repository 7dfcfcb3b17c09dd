"""org.bluez.Adapter1: discovery per client, with its filter, and RemoveDevice."""

import asyncio
from collections.abc import Mapping
from typing import Final

from dbus_fast import Variant

from simulators.bluez.call import Call
from simulators.bluez.device import Device
from simulators.bluez.errors import BluezError, in_progress
from simulators.bluez.settings import ADAPTER_PATH, Timing
from simulators.bluez.tree import ObjectTree

ADAPTER: Final = "org.bluez.Adapter1"
ADDRESS: Final = "02:00:00:00:00:01"
SETTABLE: Final = {"Powered": "b", "Alias": "s", "Discoverable": "b", "Pairable": "b"}


class Adapter:
    """hci0. Devices come into the tree when a scan sees them."""

    def __init__(self, devices: Mapping[str, Device], tree: ObjectTree, timing: Timing) -> None:
        self._devices = devices
        self._tree = tree
        self._timing = timing
        self._filters: dict[str, frozenset[str]] = {}  # services that a client asks for
        self._scans: dict[str, frozenset[str]] = {}
        self.silent = False  # hears nothing, and says nothing about it
        tree.add(
            ADAPTER_PATH,
            ADAPTER,
            {
                "Address": Variant("s", ADDRESS),
                "AddressType": Variant("s", "public"),
                "Name": Variant("s", "simulated"),
                "Alias": Variant("s", "simulated"),
                "Powered": Variant("b", True),
                "Discoverable": Variant("b", False),
                "Pairable": Variant("b", True),
                "Discovering": Variant("b", False),
                "Roles": Variant("as", ["central"]),  # bleak needs it
                "UUIDs": Variant("as", []),
            },
        )

    async def set_filter(self, call: Call) -> None:
        """SetDiscoveryFilter: only UUIDs matter here."""
        uuids = call.arguments[0].get("UUIDs")
        self._filters[call.sender] = frozenset(uuids.value if uuids else ())

    async def start(self, call: Call) -> None:
        """StartDiscovery."""
        if not self._powered:
            raise BluezError("NotReady", "Resource Not Ready")
        if call.sender in self._scans:
            raise in_progress()
        self._scans[call.sender] = self._filters.get(call.sender, frozenset())
        self._show_discovering()
        call.answer()
        for device in self._devices.values():
            self.advertised(device)

    async def stop(self, call: Call) -> None:
        """StopDiscovery."""
        if call.sender not in self._scans:
            raise BluezError("Failed", "No discovery started")
        self._drop_scan(call.sender)

    async def remove_device(self, call: Call) -> None:
        """RemoveDevice."""
        device = self._devices.get(call.arguments[0])
        if device is None or device.path not in self._tree:
            raise BluezError("DoesNotExist", "Does Not Exist")
        device.unbond()

    def set_property(self, name: str, value: Variant) -> None:
        """Properties.Set."""
        if SETTABLE.get(name) != value.signature:
            raise BluezError("org.freedesktop.DBus.Error.PropertyReadOnly", f"{name} is read-only")
        self._tree.change(ADAPTER_PATH, ADAPTER, {name: value})
        if name == "Powered" and not value.value:
            self._power_off()

    def client_gone(self, sender: str) -> None:
        """A client vanished: its scan ends."""
        self._filters.pop(sender, None)
        if sender in self._scans:
            self._drop_scan(sender)

    def advertised(self, device: Device) -> None:
        """An advertisement: seen if a scan asks for such a device."""
        service = device.peripheral.service
        if self.silent or not self._powered:
            return
        wanted = any(not uuids or service in uuids for uuids in self._scans.values())
        if wanted and device.peripheral.advertising:
            device.seen()

    async def advertise(self) -> None:
        """Repeat the advertisements for as long as the simulator runs."""
        while True:
            await asyncio.sleep(self._timing.advertise_s)
            for device in self._devices.values():
                self.advertised(device)

    @property
    def _powered(self) -> bool:
        return bool(self._tree.property(ADAPTER_PATH, ADAPTER, "Powered").value)

    def _power_off(self) -> None:
        """Everything ends; what was stuck is free again."""
        self.silent = False
        for device in self._devices.values():
            device.power_off()
        for sender in list(self._scans):
            self._drop_scan(sender)

    def _drop_scan(self, sender: str) -> None:
        del self._scans[sender]
        if not self._scans:
            for device in self._devices.values():
                device.scan_over()
            self._show_discovering()

    def _show_discovering(self) -> None:
        self._tree.change(ADAPTER_PATH, ADAPTER, {"Discovering": Variant("b", bool(self._scans))})
