"""Errors as bluetoothd words them: bleak reads the names and, for ATT codes, the texts."""

from typing import Final

from simulators.peripherals.gatt_table import AttError

PREFIX: Final = "org.bluez.Error."


class BluezError(Exception):
    """A method call fails with this D-Bus error."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name if "." in name else PREFIX + name
        self.text = text


def not_paired() -> BluezError:
    """The characteristic needs an encrypted link."""
    return BluezError("NotPermitted", "Not paired")


def authentication_failed() -> BluezError:
    """Pairing failed, for whatever reason."""
    return BluezError("AuthenticationFailed", "Authentication Failed")


def timed_out() -> BluezError:
    """The device has not answered within ATT's limit."""
    return BluezError("Failed", "Operation failed with ATT error: 0x0e")


def in_progress() -> BluezError:
    """The same is being done already."""
    return BluezError("InProgress", "Operation already in progress")


def unknown_object(path: str) -> BluezError:
    """Nothing lives at this path."""
    return BluezError("org.freedesktop.DBus.Error.UnknownObject", f"no object at {path}")


# As create_gatt_dbus_error() in BlueZ's src/gatt-client.c chooses them.
_BY_CODE: Final = {
    0x02: ("NotPermitted", "Read not permitted"),
    0x03: ("NotPermitted", "Write not permitted"),
    0x05: ("NotPermitted", "Not paired"),
    0x06: ("NotSupported", "Operation is not supported"),
    0x07: ("InvalidArguments", "Invalid offset"),
    0x08: ("NotAuthorized", "Operation Not Authorized"),
    0x0C: ("NotPermitted", "Not paired"),
    0x0D: ("InvalidArguments", "Invalid Length"),
    0x0F: ("NotPermitted", "Not paired"),
    0xFD: ("ImproperlyConfigured", "Characteristic configuration is improper"),
}


def from_att(error: AttError) -> BluezError:
    """Return what BlueZ makes of an ATT error code."""
    name, text = _BY_CODE.get(
        error.code, ("Failed", f"Operation failed with ATT error: 0x{error.code:02x}")
    )
    return BluezError(name, text)
