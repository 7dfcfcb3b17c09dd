"""What makes two readings the same reading: what the device said, never what we made of it."""

import hashlib
from typing import Final
from uuid import UUID

from device_profiles.gatt import CGM_SESSION_START_TIME
from device_profiles.reading import Reading
from device_profiles.wire.body import Arrival

_DOMAIN: Final = b"HLN reading 1\0"


def reading_id(reading: Reading, arrival: Arrival) -> UUID:
    """Return the same UUID for the same measurement act, however often and by whom it is told.

    Octets with the device's own time stamp are enough; it is never the corrected one. Some say
    the time in another message of the same characteristic, or count from the start of a session:
    those octets belong to it. Without a full time stamp, equal octets may be two measurements:
    connection and order tell them apart.
    """
    measurement = reading.octets[0]
    digest = hashlib.sha256(_DOMAIN + arrival.device.bytes)
    digest.update(measurement.uuid.encode() + b"\0" + measurement.octets)
    if reading.device_time is None or reading.device_time.wall() is None:
        digest.update(arrival.session.bytes + arrival.order.to_bytes(8, "big"))
    else:
        for other in reading.octets[1:]:
            if other.uuid in (measurement.uuid, CGM_SESSION_START_TIME):
                digest.update(other.octets)
    # Version 8, variant 10: a UUID whose bits are ours (RFC 9562, 5.8).
    octets = bytearray(digest.digest()[:16])
    octets[6] = octets[6] & 0x0F | 0x80
    octets[8] = octets[8] & 0x3F | 0x80
    return UUID(bytes=bytes(octets))
