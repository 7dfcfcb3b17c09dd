"""Any glucose meter with the Glucose Service: stored records, each with its context."""

from typing import Final

from device_profiles.codecs import glucose_context, glucose_reading
from device_profiles.codecs.glucose_records import GlucoseRecords
from device_profiles.gatt import (
    CURRENT_TIME,
    GLUCOSE_CONTEXT,
    GLUCOSE_MEASUREMENT,
    GLUCOSE_SERVICE,
    RECORD_ACCESS_CONTROL_POINT,
)
from device_profiles.profile import Advertised, Profile

PROFILE: Final = Profile(
    key="generic_glucometer",
    name="Glucose meter",
    match=Advertised(service=GLUCOSE_SERVICE),
    read={
        GLUCOSE_MEASUREMENT: glucose_reading.readings,
        GLUCOSE_CONTEXT: glucose_context.readings,
    },
    subscribe=(GLUCOSE_MEASUREMENT, GLUCOSE_CONTEXT),
    clock=CURRENT_TIME,
    records=RECORD_ACCESS_CONTROL_POINT,
    assemble=GlucoseRecords,
)
