"""GATT numbers: how a 16-bit assigned number becomes the UUID that BlueZ and bleak write."""

from typing import Final

BASE: Final = "-0000-1000-8000-00805f9b34fb"

Uuid = str  # always the 128-bit form in lower case


def sig(assigned: int | str) -> Uuid:
    """Return the 128-bit UUID of a Bluetooth SIG number, given as 0x2A35 or "2A35".

    A 128-bit UUID is returned in lower case. Source: Core Specification 5.4, Vol 3 Part B 2.5.1.
    """
    if isinstance(assigned, str):
        if len(assigned) == 36:
            return assigned.lower()
        assigned = int(assigned, 16)
    return f"{assigned:08x}{BASE}"


BLOOD_PRESSURE_SERVICE: Final = sig(0x1810)
GLUCOSE_SERVICE: Final = sig(0x1808)
PULSE_OXIMETER_SERVICE: Final = sig(0x1822)
CURRENT_TIME_SERVICE: Final = sig(0x1805)
BATTERY_SERVICE: Final = sig(0x180F)
DEVICE_INFORMATION_SERVICE: Final = sig(0x180A)

DATE_TIME: Final = sig(0x2A08)
GLUCOSE_MEASUREMENT: Final = sig(0x2A18)
BATTERY_LEVEL: Final = sig(0x2A19)
SYSTEM_ID: Final = sig(0x2A23)
MODEL_NUMBER: Final = sig(0x2A24)
SERIAL_NUMBER: Final = sig(0x2A25)
FIRMWARE_REVISION: Final = sig(0x2A26)
HARDWARE_REVISION: Final = sig(0x2A27)
SOFTWARE_REVISION: Final = sig(0x2A28)
MANUFACTURER_NAME: Final = sig(0x2A29)
CURRENT_TIME: Final = sig(0x2A2B)
GLUCOSE_CONTEXT: Final = sig(0x2A34)
BLOOD_PRESSURE_MEASUREMENT: Final = sig(0x2A35)
RECORD_ACCESS_CONTROL_POINT: Final = sig(0x2A52)
PLX_SPOT_CHECK: Final = sig(0x2A5E)
PLX_CONTINUOUS: Final = sig(0x2A5F)
