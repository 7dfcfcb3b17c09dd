"""The D-Bus objects of org.bluez: what exists, what it says, and the signals when that changes."""

from collections.abc import Callable, Sequence
from typing import Final

from dbus_fast import Message, Variant

from simulators.bluez.errors import BluezError, unknown_object

OBJECT_MANAGER: Final = "org.freedesktop.DBus.ObjectManager"
PROPERTIES: Final = "org.freedesktop.DBus.Properties"

Properties = dict[str, Variant]
Interfaces = dict[str, Properties]


class ObjectTree:
    """Paths with their interfaces and properties; `emit` sends the signals."""

    def __init__(self, emit: Callable[[Message], None]) -> None:
        self._emit = emit
        self._objects: dict[str, Interfaces] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._objects

    def has(self, path: str, interface: str) -> bool:
        """Tell whether there is such an interface."""
        return interface in self._objects.get(path, {})

    def add(self, path: str, interface: str, properties: Properties) -> None:
        """Show a new object."""
        self._objects.setdefault(path, {})[interface] = properties
        shown = {interface: dict(properties)}
        signal = Message.new_signal(
            "/", OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}", [path, shown]
        )
        self._emit(signal)

    def remove(self, path: str, interface: str | None = None) -> None:
        """Take an object away, or only one of its interfaces."""
        if interface is None:
            gone = list(self._objects.pop(path))
        else:
            gone = [interface]
            del self._objects[path][interface]
        self._emit(
            Message.new_signal("/", OBJECT_MANAGER, "InterfacesRemoved", "oas", [path, gone])
        )

    def change(
        self, path: str, interface: str, changed: Properties, invalidated: Sequence[str] = ()
    ) -> None:
        """Change properties, all in one signal, even where the value stays the same."""
        properties = self._objects[path][interface]
        properties.update(changed)
        for name in invalidated:
            properties.pop(name, None)
        body = [interface, changed, list(invalidated)]
        self._emit(Message.new_signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", body))

    def managed(self) -> dict[str, Interfaces]:
        """Return everything, as GetManagedObjects does."""
        return self._objects

    def properties(self, path: str, interface: str) -> Properties:
        """Return all properties of one interface."""
        try:
            interfaces = self._objects[path]
        except KeyError:
            raise unknown_object(path) from None
        try:
            return interfaces[interface]
        except KeyError:
            raise BluezError(
                "org.freedesktop.DBus.Error.UnknownInterface", f"no {interface} at {path}"
            ) from None

    def property(self, path: str, interface: str, name: str) -> Variant:
        """Return one property."""
        try:
            return self.properties(path, interface)[name]
        except KeyError:
            raise BluezError(
                "org.freedesktop.DBus.Error.InvalidArgs", f"no such property {name}"
            ) from None
