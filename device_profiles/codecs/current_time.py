"""Current Time (2A2B): Date Time, day of the week, 1/256 s and why the clock was last adjusted.

Source: Current Time Service 1.1; GATT Specification Supplement, Current Time (10 octets). What the
octets say is reported, not cross-checked: real devices send a wrong day of the week.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from device_profiles.codecs import date_time
from device_profiles.codecs.octets import Octets
from device_profiles.gatt import CURRENT_TIME
from device_profiles.reading import DeviceTime

EXTERNAL_REFERENCE: Final = 1 << 1  # adjust reason, bit 1: set by a better clock


@dataclass(frozen=True, slots=True)
class CurrentTime:
    """What a device's clock says. `dow`: 1 is Monday, 0 unknown."""

    timestamp: DeviceTime
    dow: int
    frac256: int
    adjust: int


def decode(octets: bytes) -> CurrentTime:
    """Read a Current Time."""
    rest = Octets(octets)
    time = CurrentTime(
        timestamp=date_time.take(rest, "the current time"),
        dow=rest.unsigned(1, "the day of the week"),
        frac256=rest.unsigned(1, "the fraction of a second"),
        adjust=rest.unsigned(1, "the adjust reason"),
    )
    rest.end()
    return time


def encode(local: datetime) -> bytes:
    """Return the octets that set a device's clock to a wall time."""
    fraction = local.microsecond * 256 // 1_000_000
    return date_time.encode(local) + bytes((local.isoweekday(), fraction, EXTERNAL_REFERENCE))


DECODES: Final = {CURRENT_TIME: decode}
