"""Short ways to write octets and groups by hand."""

from device_profiles.gatt import sig
from device_profiles.profile import Group
from device_profiles.reading import Indication


def octets(text: str) -> bytes:
    """Return octets written as hex, where spaces part the fields."""
    return bytes.fromhex(text)


def indication(assigned: int, text: str) -> Indication:
    """Return one indication of a characteristic."""
    return Indication(uuid=sig(assigned), octets=octets(text))


def group(assigned: int, text: str) -> Group:
    """Return an indication that is a group of its own."""
    return (indication(assigned, text),)
