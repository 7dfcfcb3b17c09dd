"""Any heart rate sensor with the Heart Rate Service; it has no clock and stores nothing."""

from typing import Final

from device_profiles.codecs import heart_rate
from device_profiles.codecs.heart_rate_stretch import HeartRateStretch
from device_profiles.gatt import HEART_RATE_MEASUREMENT, HEART_RATE_SERVICE
from device_profiles.profile import Advertised, Profile

PROFILE: Final = Profile(
    key="generic_heart_rate",
    name="Heart rate sensor",
    match=Advertised(service=HEART_RATE_SERVICE),
    read={HEART_RATE_MEASUREMENT: heart_rate.readings},
    subscribe=(HEART_RATE_MEASUREMENT,),
    assemble=HeartRateStretch,
    reads_rest=True,
)
