"""Any pulse oximeter with the Pulse Oximeter Service."""

from typing import Final

from device_profiles.codecs import plx
from device_profiles.gatt import (
    CURRENT_TIME,
    PLX_CONTINUOUS,
    PLX_SPOT_CHECK,
    PULSE_OXIMETER_SERVICE,
)
from device_profiles.profile import Advertised, Profile

PROFILE: Final = Profile(
    key="generic_oximeter",
    name="Pulse oximeter",
    match=Advertised(service=PULSE_OXIMETER_SERVICE),
    read={
        PLX_SPOT_CHECK: plx.spot_check_readings,
        PLX_CONTINUOUS: plx.continuous_readings,
    },
    subscribe=(PLX_SPOT_CHECK, PLX_CONTINUOUS),
    clock=CURRENT_TIME,
)
