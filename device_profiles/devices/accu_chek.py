"""Roche Accu-Chek Guide, Instant and Mobile: the Glucose Service behind a passkey.

Facts: NightscoutFoundation/xDrip pull request 208 (sample type 8, location 15, offsets of many
hours), NordicSemiconductor/Android-nRF-Toolbox issue 89 (subscribe all before asking), Stack
Overflow 63340809 (octets of a Guide).
"""

from typing import Final

from device_profiles.about import About, Evidence, Pairing
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
    key="accu_chek",
    name="Glucose meter",
    match=Advertised(GLUCOSE_SERVICE, "meter+", manufacturer="Roche", model=r".*"),
    also=(Advertised(GLUCOSE_SERVICE, "Accu-Chek"),),
    read={
        GLUCOSE_MEASUREMENT: glucose_reading.readings,
        GLUCOSE_CONTEXT: glucose_context.readings,
    },
    subscribe=(GLUCOSE_MEASUREMENT, GLUCOSE_CONTEXT),
    clock=CURRENT_TIME,
    records=RECORD_ACCESS_CONTROL_POINT,
    assemble=GlucoseRecords,
    about=About(
        maker="Roche",
        models="Accu-Chek Guide, Guide Me, Instant, Mobile",
        pairing=Pairing.PASSKEY,
        notes=(
            "The six digits are printed on the back of the meter.",
            "The time of a result is a base time and an offset of up to many hours.",
        ),
        evidence=Evidence.CAPTURE,
    ),
)
