"""org.bluez.Adapter1: discovery per client, with its filter, and RemoveDevice."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
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

# The first report of a scan never comes together with the answer to StartDiscovery: bleak, which
# waits for that answer, would miss what an unfiltered scan is told only once.
FIRST_S: Final = 0.05
# Each of these makes a scan a filtered one; so does DuplicateData, if it is true.
FILTERING: Final = ("UUIDs", "RSSI", "Pathloss", "Pattern")


@dataclass(frozen=True, slots=True)
class Filter:
    """What a client wants to be told: devices with these services, and every advertisement."""

    services: frozenset[str] = frozenset()
    every: bool = False


REGULAR: Final = Filter()


class Adapter:
    """hci0. Devices come into the tree when a scan sees them."""

    def __init__(self, devices: Mapping[str, Device], tree: ObjectTree, timing: Timing) -> None:
        self._devices = devices
        self._tree = tree
        self._timing = timing
        self._filters: dict[str, Filter] = {}  # what each client asks for
        self._scans: dict[str, Filter] = {}
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
                "Pairable": Variant("b", False),
                "Discovering": Variant("b", False),
                "Roles": Variant("as", ["central"]),  # bleak needs it
                "UUIDs": Variant("as", []),
            },
        )

    async def set_filter(self, call: Call) -> None:
        """SetDiscoveryFilter; a transport alone is none for an adapter that has no other."""
        told = {name: variant.value for name, variant in call.arguments[0].items()}
        known = told.get("DuplicateData", False) or any(name in told for name in FILTERING)
        self._filters[call.sender] = Filter(frozenset(told.get("UUIDs", ())), every=known)

    async def start(self, call: Call) -> None:
        """StartDiscovery."""
        if not self._powered:
            raise BluezError("NotReady", "Resource Not Ready")
        if call.sender in self._scans:
            raise in_progress()
        self._scans[call.sender] = self._filters.get(call.sender, REGULAR)
        call.answer()
        self._show_discovering()
        asyncio.get_running_loop().call_later(FIRST_S, self._advertised)

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

    def show_pairable(self, pairable: bool) -> None:
        """Only with an agent there is pairing."""
        self._tree.change(ADAPTER_PATH, ADAPTER, {"Pairable": Variant("b", pairable)})

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
        asked = self._scans.values()
        wanted = any(not one.services or service in one.services for one in asked)
        if wanted and device.peripheral.advertising:
            device.seen(every=any(one.every for one in asked))

    async def advertise(self) -> None:
        """Repeat the advertisements for as long as the simulator runs."""
        while True:
            await asyncio.sleep(self._timing.advertise_s)
            self._advertised()

    def _advertised(self) -> None:
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
