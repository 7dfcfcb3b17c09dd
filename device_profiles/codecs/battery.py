"""Battery Level (2A19): one octet, 0 to 100 %. Source: Battery Service 1.1."""

from dataclasses import dataclass
from typing import Final

from device_profiles.codecs.octets import Octets
from device_profiles.errors import DecodeError
from device_profiles.gatt import BATTERY_LEVEL


@dataclass(frozen=True, slots=True)
class Battery:
    """How full a battery is, in %."""

    level: int


def decode(octets: bytes) -> Battery:
    """Read a Battery Level."""
    rest = Octets(octets)
    level = rest.unsigned(1, "the battery level")
    rest.end()
    if level > 100:
        raise DecodeError("a battery level lies between 0 and 100 %")
    return Battery(level)


DECODES: Final = {BATTERY_LEVEL: decode}
