"""The agent's error tree: the docstring is the message. Only `ConnectionLost` is tried again."""


class EdgeError(Exception):
    """The agent could not do this."""

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        super().__init__(" ".join(filter(None, ((self.__doc__ or "").strip(), detail))))


class WrongInput(EdgeError):
    """This cannot be used as it is."""


class ConnectionLost(EdgeError):
    """A part that the hub needs is away; it is tried again."""


class BrokerUnavailable(ConnectionLost):
    """The broker does not answer."""


class BluetoothUnavailable(ConnectionLost):
    """Bluetooth on this machine does not answer."""


class DeviceLost(ConnectionLost):
    """The connection to the device is over."""


class DeviceRefused(ConnectionLost):
    """The device did not do what was asked, or not in time."""


class PairingRefused(DeviceRefused):
    """The device and the hub could not agree on a bond."""


class SpoolRefused(EdgeError):
    """The spool is full of what must not be dropped; nothing more can be kept."""


class DiskFull(SpoolRefused):
    """The disk under the spool is full."""


class SpoolDamaged(EdgeError):
    """The spool's file is damaged."""
