"""Any scale with the Body Composition Service: a weight waits for the composition it belongs to.

A scale that advertises this service and the Weight Scale Service is this one.
"""

from functools import partial
from typing import Final

from device_profiles.codecs import scale_reading
from device_profiles.codecs.scale_records import ScaleRecords
from device_profiles.gatt import (
    BODY_COMPOSITION_MEASUREMENT,
    BODY_COMPOSITION_SERVICE,
    CURRENT_TIME,
    WEIGHT_MEASUREMENT,
)
from device_profiles.profile import Advertised, Profile

PROFILE: Final = Profile(
    key="generic_body_scale",
    name="Body scale",
    match=Advertised(service=BODY_COMPOSITION_SERVICE),
    read={
        WEIGHT_MEASUREMENT: scale_reading.readings,
        BODY_COMPOSITION_MEASUREMENT: scale_reading.readings,
    },
    subscribe=(WEIGHT_MEASUREMENT, BODY_COMPOSITION_MEASUREMENT),
    clock=CURRENT_TIME,
    assemble=partial(ScaleRecords, weight_waits=True),
    reads_rest=True,  # who stands on it in shoes has a weight alone
)
