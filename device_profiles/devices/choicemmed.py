"""ChoiceMMed oximeters with the Pulse Oximeter Service.

Facts: Stack Overflow 71264072 (an owner's octets). They have no clock of their own and say so with
the flag "clock not set"; the time that they tell is no time.
"""

from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.codecs import plx
from device_profiles.gatt import (
    CURRENT_TIME,
    PLX_CONTINUOUS,
    PLX_SPOT_CHECK,
    PULSE_OXIMETER_SERVICE,
)
from device_profiles.profile import Advertised, Group, Profile
from device_profiles.reading import Reading


def _spot_check(group: Group) -> tuple[Reading, ...]:
    """Without a set clock the reading was taken when it came: it keeps no records."""
    return tuple(
        reading.model_copy(update={"device_time": None})
        if "clock_not_set" in reading.flags
        else reading
        for reading in plx.spot_check_readings(group)
    )


PROFILE: Final = Profile(
    key="choicemmed",
    name="Pulse oximeter",
    match=Advertised(PULSE_OXIMETER_SERVICE, manufacturer="ChoiceMMed", model=r".*"),
    also=(
        Advertised(PULSE_OXIMETER_SERVICE, "ChoiceMMed"),
        Advertised("00000001-0000-6465-6d6d-65636c6f6843"),
    ),
    read={
        PLX_SPOT_CHECK: _spot_check,
        PLX_CONTINUOUS: plx.continuous_readings,
    },
    subscribe=(PLX_SPOT_CHECK, PLX_CONTINUOUS),
    clock=CURRENT_TIME,
    about=About(
        maker="ChoiceMMed",
        models="MD300 series with the Pulse Oximeter Service",
        pairing=Pairing.NONE,
        notes=("Its time is not used while it says that its clock is not set.",),
        missing="older models with ChoiceMMed's own protocol",
        evidence=Evidence.CAPTURE,
    ),
)
