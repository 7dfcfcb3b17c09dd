"""The GATT objects of one device: GattService1, GattCharacteristic1, GattDescriptor1."""

from collections.abc import Iterator
from typing import Final

from dbus_fast import Variant

from device_profiles.gatt import Uuid, sig
from simulators.bluez.tree import ObjectTree, Properties
from simulators.peripherals.gatt_table import Characteristic, Service

SERVICE: Final = "org.bluez.GattService1"
CHARACTERISTIC: Final = "org.bluez.GattCharacteristic1"
DESCRIPTOR: Final = "org.bluez.GattDescriptor1"
CCCD: Final = sig(0x2902)
MTU: Final = 247
FIRST_HANDLE: Final = 0x0001


class RemoteCharacteristic:
    """One characteristic on the bus, and which clients listen to it."""

    def __init__(self, path: str, spec: Characteristic, tree: ObjectTree) -> None:
        self.path = path
        self.spec = spec
        self.listeners: set[str] = set()
        self._tree = tree

    def properties(self, service_path: str) -> Properties:
        """Return what GattCharacteristic1 says at first."""
        said = {
            "UUID": Variant("s", self.spec.uuid),
            "Service": Variant("o", service_path),
            "Flags": Variant("as", list(self.spec.flags)),
            "Value": Variant("ay", b""),
            "MTU": Variant("q", MTU),
        }
        if self.spec.notifies:
            said["Notifying"] = Variant("b", False)
            said["NotifyAcquired"] = Variant("b", False)
        return said

    def show_value(self, octets: bytes) -> None:
        """Tell all clients a value; equal values are told again, as BlueZ does."""
        self._tree.change(self.path, CHARACTERISTIC, {"Value": Variant("ay", octets)})

    def show_notifying(self) -> None:
        """Tell whether anybody listens."""
        notifying = Variant("b", bool(self.listeners))
        self._tree.change(self.path, CHARACTERISTIC, {"Notifying": notifying})


class GattObjects:
    """Gives each service, characteristic and CCCD its handle and path, and shows them."""

    def __init__(self, device_path: str, services: tuple[Service, ...], tree: ObjectTree) -> None:
        self._device_path = device_path
        self._tree = tree
        self._shown: list[tuple[str, str, Properties]] = []
        self.by_path: dict[str, RemoteCharacteristic] = {}
        self.by_uuid: dict[Uuid, RemoteCharacteristic] = {}
        self.uuids = [service.uuid for service in services]
        handles = iter(range(FIRST_HANDLE, 0xFFFF))
        for service in services:
            self._lay_out(service, handles)

    @property
    def shown(self) -> bool:
        """Tell whether clients know the objects."""
        return all(path in self._tree for path, _, _ in self._shown)

    def show(self) -> None:
        """Add all objects that are not there yet, parents first."""
        for path, interface, properties in self._shown:
            if path not in self._tree:
                self._tree.add(path, interface, dict(properties))

    def hide(self) -> None:
        """Remove all objects, children first."""
        for path, _, _ in reversed(self._shown):
            if path in self._tree:
                self._tree.remove(path)

    def _lay_out(self, service: Service, handles: Iterator[int]) -> None:
        path = f"{self._device_path}/service{next(handles):04x}"
        said: Properties = {
            "UUID": Variant("s", service.uuid),
            "Device": Variant("o", self._device_path),
            "Primary": Variant("b", True),
            "Includes": Variant("ao", []),
        }
        self._shown.append((path, SERVICE, said))
        for spec in service.characteristics:
            declaration, _value = next(handles), next(handles)
            remote = RemoteCharacteristic(f"{path}/char{declaration:04x}", spec, self._tree)
            self.by_path[remote.path] = self.by_uuid[spec.uuid] = remote
            self._shown.append((remote.path, CHARACTERISTIC, remote.properties(path)))
            if spec.notifies:
                self._shown.append(self._cccd(remote.path, next(handles)))

    def _cccd(self, characteristic: str, handle: int) -> tuple[str, str, Properties]:
        said: Properties = {
            "UUID": Variant("s", CCCD),
            "Characteristic": Variant("o", characteristic),
            "Value": Variant("ay", b""),
        }
        return f"{characteristic}/desc{handle:04x}", DESCRIPTOR, said
