"""Cuffs that break the standard's octets: put into its form, and judged by its rules.

The reading keeps the octets as they came. Form: Blood Pressure Service 1.1.1, 3.1.
"""

import struct
from typing import Final

from device_profiles.codecs import blood_pressure
from device_profiles.gatt import BLOOD_PRESSURE_MEASUREMENT
from device_profiles.profile import Group
from device_profiles.reading import DeviceTime, Indication, Reading

NAN: Final = 0x07FF
_PULSE: Final = 1 << 2
_STATUS: Final = 1 << 4


def read_as_standard(group: Group, octets: bytes) -> tuple[Reading, ...]:
    """Read `octets`, which say in the standard's form what the group says in its own."""
    put = Indication(uuid=BLOOD_PRESSURE_MEASUREMENT, octets=octets)
    made = blood_pressure.readings((put,))
    return tuple(reading.model_copy(update={"octets": group}) for reading in made)


def plain(
    group: Group,
    systolic: int,
    diastolic: int,
    pulse: int,
    *,
    device_time: DeviceTime | None = None,
    status: int = 0,
    user: int | None = None,
) -> tuple[Reading, ...]:
    """Read whole numbers in mmHg; 0 is "no value". Such cuffs tell no mean pressure."""
    words = (systolic or NAN, diastolic or NAN, NAN, pulse or NAN, status)
    (reading,) = read_as_standard(group, struct.pack("<B5H", _PULSE | _STATUS, *words))
    values = tuple(value for value in reading.values if value.name != "mean_pressure")
    told = {"values": values, "device_time": device_time, "user": user}
    return (reading.model_copy(update=told),)
