"""Any blood pressure cuff with the Blood Pressure Service."""

from typing import Final

from device_profiles.codecs import blood_pressure
from device_profiles.gatt import (
    BLOOD_PRESSURE_MEASUREMENT,
    BLOOD_PRESSURE_SERVICE,
    CURRENT_TIME,
)
from device_profiles.profile import Advertised, Profile

PROFILE: Final = Profile(
    key="generic_cuff",
    name="Blood pressure cuff",
    match=Advertised(service=BLOOD_PRESSURE_SERVICE),
    read={BLOOD_PRESSURE_MEASUREMENT: blood_pressure.readings},
    subscribe=(BLOOD_PRESSURE_MEASUREMENT,),
    clock=CURRENT_TIME,
)
