"""Generic Access and Generic Attribute, which every device has and BlueZ shows since 5.8x."""

from typing import Final

from device_profiles.gatt import Uuid, sig
from simulators.peripherals.gatt_table import Characteristic, Service

NAME: Final = sig(0x2A00)
APPEARANCE: Final = sig(0x2A01)
SERVICE_CHANGED: Final = sig(0x2A05)
ACCESS: Final = Service(
    sig(0x1800), (Characteristic(NAME, ("read",)), Characteristic(APPEARANCE, ("read",)))
)
ATTRIBUTE: Final = Service(sig(0x1801), (Characteristic(SERVICE_CHANGED, ("indicate",)),))
GENERIC: Final = (ACCESS, ATTRIBUTE)


def value(uuid: Uuid, name: str) -> bytes | None:
    """Return what can be read of them, or None for what is the device's own."""
    return {NAME: name.encode(), APPEARANCE: bytes(2)}.get(uuid)
