"""Any continuous glucose sensor with the CGM Service: what it stored, and what it tells meanwhile.

Its records count minutes from the start of its session, which the hub reads, and sets where nobody
has told the sensor the time. Without it a record of yesterday would look like one of now.
"""

from typing import Final

from device_profiles.codecs import cgm_reading, cgm_session
from device_profiles.gatt import (
    CGM_MEASUREMENT,
    CGM_SESSION_START_TIME,
    CONTINUOUS_GLUCOSE_SERVICE,
    RECORD_ACCESS_CONTROL_POINT,
)
from device_profiles.profile import Advertised, Group, Profile
from device_profiles.reading import Reading


def _readings(group: Group) -> tuple[Reading, ...]:
    """Read it; without the start nobody knows when it was."""
    made = cgm_reading.readings(group)
    if any(one.uuid == CGM_SESSION_START_TIME for one in group[1:]):
        return made
    unknown = "session_start_unknown"
    return tuple(one.model_copy(update={"flags": (*one.flags, unknown)}) for one in made)


PROFILE: Final = Profile(
    key="generic_cgm",
    name="Continuous glucose sensor",
    match=Advertised(service=CONTINUOUS_GLUCOSE_SERVICE),
    read={CGM_MEASUREMENT: _readings},
    subscribe=(CGM_MEASUREMENT,),
    session=cgm_session,
    records=RECORD_ACCESS_CONTROL_POINT,
)
