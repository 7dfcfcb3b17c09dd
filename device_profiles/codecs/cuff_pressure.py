"""Intermediate Cuff Pressure (2A36): how hard the cuff presses while it measures.

Source: Blood Pressure Service 1.1.1, 3.2: the layout of a measurement, with the cuff's pressure in
the place of the systolic one and two unused fields. It is never a reading: the cuff's air has a
pressure that is nobody's blood pressure.
"""

from dataclasses import dataclass
from typing import Final

from device_profiles.codecs import blood_pressure
from device_profiles.codecs.medfloat import Amount
from device_profiles.gatt import INTERMEDIATE_CUFF_PRESSURE
from device_profiles.reading import DeviceTime


@dataclass(frozen=True, slots=True)
class CuffPressure:
    """What one notification says."""

    unit: str
    cuff: Amount
    timestamp: DeviceTime | None
    pulse: Amount | None
    user_id: int | None
    status: int | None


def decode(octets: bytes) -> CuffPressure:
    """Read an Intermediate Cuff Pressure."""
    said = blood_pressure.decode(octets)
    return CuffPressure(
        unit=said.unit,
        cuff=said.systolic,
        timestamp=said.timestamp,
        pulse=said.pulse,
        user_id=said.user_id,
        status=said.status,
    )


DECODES: Final = {INTERMEDIATE_CUFF_PRESSURE: decode}
