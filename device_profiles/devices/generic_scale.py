"""Any scale with the Weight Scale Service. A weight goes on at once."""

from typing import Final

from device_profiles.codecs import scale_reading
from device_profiles.codecs.scale_records import ScaleRecords
from device_profiles.gatt import (
    BODY_COMPOSITION_MEASUREMENT,
    CURRENT_TIME,
    WEIGHT_MEASUREMENT,
    WEIGHT_SCALE_SERVICE,
)
from device_profiles.profile import Advertised, Profile

PROFILE: Final = Profile(
    key="generic_scale",
    name="Scale",
    match=Advertised(service=WEIGHT_SCALE_SERVICE),
    read={
        WEIGHT_MEASUREMENT: scale_reading.readings,
        BODY_COMPOSITION_MEASUREMENT: scale_reading.readings,
    },
    subscribe=(WEIGHT_MEASUREMENT, BODY_COMPOSITION_MEASUREMENT),
    clock=CURRENT_TIME,
    assemble=ScaleRecords,
)
