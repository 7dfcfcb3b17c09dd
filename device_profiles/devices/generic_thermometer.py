"""Any clinical thermometer with the Health Thermometer Service."""

from typing import Final

from device_profiles.codecs import temperature
from device_profiles.gatt import (
    CURRENT_TIME,
    HEALTH_THERMOMETER_SERVICE,
    TEMPERATURE_MEASUREMENT,
)
from device_profiles.profile import Advertised, Profile

PROFILE: Final = Profile(
    key="generic_thermometer",
    name="Thermometer",
    match=Advertised(service=HEALTH_THERMOMETER_SERVICE),
    read={TEMPERATURE_MEASUREMENT: temperature.readings},
    subscribe=(TEMPERATURE_MEASUREMENT,),
    clock=CURRENT_TIME,
)
