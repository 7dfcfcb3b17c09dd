"""Any continuous glucose sensor with the CGM Service: what it tells while it is connected.

Its stored records are not pulled: they count minutes from a session start that is in another
characteristic, and without it a record of yesterday would look like one of now.
"""

from typing import Final

from device_profiles.codecs import cgm_reading
from device_profiles.gatt import CGM_MEASUREMENT, CONTINUOUS_GLUCOSE_SERVICE
from device_profiles.profile import Advertised, Profile

PROFILE: Final = Profile(
    key="generic_cgm",
    name="Continuous glucose sensor",
    match=Advertised(service=CONTINUOUS_GLUCOSE_SERVICE),
    read={CGM_MEASUREMENT: cgm_reading.readings},
    subscribe=(CGM_MEASUREMENT,),
)
