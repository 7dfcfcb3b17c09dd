"""Blood pressure in the octet order of some Beurer cuffs.

Pulse and status have their high octet first, and a user octet stands between them although the
flags deny it, so a message is one octet too long. Source: derdilla/blood-pressure-monitor-fl, pull
requests 735 and 737 (recorded from a BM85).
"""

from typing import Final

from device_profiles.codecs.octets import Octets
from device_profiles.profile import Group
from device_profiles.reading import Reading
from device_profiles.vendor.pressure import read_as_standard

_TIME, _PULSE, _USER, _STATUS = (1 << bit for bit in range(1, 5))
_ALWAYS: Final = _TIME | _PULSE | _STATUS


def swapped(octets: bytes) -> bool:
    """Say whether octets have this order: all of a BM85's fields, and one octet too many."""
    return len(octets) == 19 and octets[0] & (_ALWAYS | _USER) == _ALWAYS


def readings(group: Group) -> tuple[Reading, ...]:
    """Read a message of either order; which one it is, its length says."""
    octets = group[0].octets
    return read_as_standard(group, _in_order(octets) if swapped(octets) else octets)


def _in_order(octets: bytes) -> bytes:
    rest = Octets(octets)
    flags = rest.unsigned(1, "the flags") | _USER
    head = rest.take(13, "pressures and time")
    pulse, user = rest.take(2, "the pulse")[::-1], rest.take(1, "the user")
    status = rest.take(2, "the status")[::-1]
    return bytes((flags,)) + head + pulse + user + status
