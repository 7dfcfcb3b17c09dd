"""The session of a continuous glucose sensor stands for its clock: a start, and minutes since.

Source: Continuous Glucose Monitoring Service 1.0.2, 3.3 and 3.4. A sensor that was never told the
time has a start without a year; it is told the present time, and counts back itself.
"""

from datetime import datetime, timedelta
from typing import Final

from device_profiles.codecs import cgm_facts, crc, date_time
from device_profiles.gatt import CGM_SESSION_START_TIME, CGM_STATUS, Uuid
from device_profiles.reading import DeviceTime

START: Final[Uuid] = CGM_SESSION_START_TIME
COUNT: Final[Uuid] = CGM_STATUS
_QUARTER: Final = timedelta(minutes=15)
_MINUTE: Final = timedelta(minutes=1)
# DST Offset: standard time, half an hour, an hour, two hours.
_DST: Final = {0: 0, 30: 2, 60: 4, 120: 8}
_PLAIN_START: Final = 9  # octets without the checksum


def is_set(start: bytes) -> bool:
    """Say whether the sensor knows when its session began. Raises DecodeError."""
    return cgm_facts.decode_start(start).timestamp.wall() is not None


def setting(start: bytes, local: datetime) -> bytes:
    """Return what tells the sensor that it is this time; with a checksum if its start has one."""
    saving = local.dst() or timedelta(0)
    quarters = ((local.utcoffset() or timedelta(0)) - saving) // _QUARTER
    zone = quarters.to_bytes(1, "little", signed=True)
    told = date_time.encode(local) + zone + bytes((_DST.get(saving // _MINUTE, 0xFF),))
    if len(start) == _PLAIN_START:
        return told
    return told + crc.mcrf4xx(told).to_bytes(crc.LENGTH, "little")


def count(octets: bytes) -> int:
    """Return the minutes since the start. Raises DecodeError."""
    return cgm_facts.decode_status(octets).offset_min


def shown(start: bytes, minutes: int, local: datetime) -> DeviceTime | None:
    """Return what the sensor thinks that the time is; None where it does not know.

    It counts whole minutes: up to one behind the true time, it is right.
    """
    told = date_time.later(cgm_facts.decode_start(start).timestamp, minutes)
    wall = told.wall() if told else None
    true = local.replace(tzinfo=None, microsecond=0)
    if wall is not None and timedelta(0) <= true - wall <= _MINUTE:
        return date_time.decode(date_time.encode(true)).timestamp
    return told
