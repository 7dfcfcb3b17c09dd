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

HEALTH_THERMOMETER_SERVICE: Final = sig(0x1809)
HEART_RATE_SERVICE: Final = sig(0x180D)
BODY_COMPOSITION_SERVICE: Final = sig(0x181B)
USER_DATA_SERVICE: Final = sig(0x181C)
WEIGHT_SCALE_SERVICE: Final = sig(0x181D)
CONTINUOUS_GLUCOSE_SERVICE: Final = sig(0x181F)

DATE_TIME: Final = sig(0x2A08)
GLUCOSE_MEASUREMENT: Final = sig(0x2A18)
BATTERY_LEVEL: Final = sig(0x2A19)
TEMPERATURE_MEASUREMENT: Final = sig(0x2A1C)
TEMPERATURE_TYPE: Final = sig(0x2A1D)
INTERMEDIATE_TEMPERATURE: Final = sig(0x2A1E)
SYSTEM_ID: Final = sig(0x2A23)
MODEL_NUMBER: Final = sig(0x2A24)
SERIAL_NUMBER: Final = sig(0x2A25)
FIRMWARE_REVISION: Final = sig(0x2A26)
HARDWARE_REVISION: Final = sig(0x2A27)
SOFTWARE_REVISION: Final = sig(0x2A28)
MANUFACTURER_NAME: Final = sig(0x2A29)
REGULATORY_DATA: Final = sig(0x2A2A)
CURRENT_TIME: Final = sig(0x2A2B)
GLUCOSE_CONTEXT: Final = sig(0x2A34)
BLOOD_PRESSURE_MEASUREMENT: Final = sig(0x2A35)
INTERMEDIATE_CUFF_PRESSURE: Final = sig(0x2A36)
HEART_RATE_MEASUREMENT: Final = sig(0x2A37)
BODY_SENSOR_LOCATION: Final = sig(0x2A38)
BLOOD_PRESSURE_FEATURE: Final = sig(0x2A49)
PNP_ID: Final = sig(0x2A50)
GLUCOSE_FEATURE: Final = sig(0x2A51)
RECORD_ACCESS_CONTROL_POINT: Final = sig(0x2A52)
PLX_SPOT_CHECK: Final = sig(0x2A5E)
PLX_CONTINUOUS: Final = sig(0x2A5F)
PLX_FEATURES: Final = sig(0x2A60)
AGE: Final = sig(0x2A80)
DATE_OF_BIRTH: Final = sig(0x2A85)
GENDER: Final = sig(0x2A8C)
USER_HEIGHT: Final = sig(0x2A8E)
USER_WEIGHT: Final = sig(0x2A98)
DATABASE_CHANGE_INCREMENT: Final = sig(0x2A99)
USER_INDEX: Final = sig(0x2A9A)
BODY_COMPOSITION_FEATURE: Final = sig(0x2A9B)
BODY_COMPOSITION_MEASUREMENT: Final = sig(0x2A9C)
WEIGHT_MEASUREMENT: Final = sig(0x2A9D)
WEIGHT_SCALE_FEATURE: Final = sig(0x2A9E)
USER_CONTROL_POINT: Final = sig(0x2A9F)
CGM_MEASUREMENT: Final = sig(0x2AA7)
CGM_FEATURE: Final = sig(0x2AA8)
CGM_STATUS: Final = sig(0x2AA9)
CGM_SESSION_START_TIME: Final = sig(0x2AAA)
CGM_SESSION_RUN_TIME: Final = sig(0x2AAB)

# What the services' specifications let a device indicate: it waits for our confirmation, and may
# then delete the value. Other characteristics of measurements are notified.
INDICATED: Final = frozenset(
    {
        BLOOD_PRESSURE_MEASUREMENT,
        TEMPERATURE_MEASUREMENT,
        WEIGHT_MEASUREMENT,
        BODY_COMPOSITION_MEASUREMENT,
        PLX_SPOT_CHECK,
        RECORD_ACCESS_CONTROL_POINT,
        USER_CONTROL_POINT,
    }
)
