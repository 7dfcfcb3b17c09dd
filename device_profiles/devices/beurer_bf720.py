"""Beurer BF600, BF720 and BF105: body scales that want a user's consent before they tell anything.

Facts: oliexdev/openScale issues 219, 635 and 789 (services, octets of a BF105). The scale shows a
user's number and PIN; the hub writes both to the User Control Point (User Data Service 1.1, 3.3).
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.codecs import scale_reading, user_control_point
from device_profiles.codecs.scale_records import ScaleRecords
from device_profiles.errors import DecodeError
from device_profiles.gatt import (
    BODY_COMPOSITION_MEASUREMENT,
    BODY_COMPOSITION_SERVICE,
    CURRENT_TIME,
    USER_CONTROL_POINT,
    WEIGHT_MEASUREMENT,
    WEIGHT_SCALE_SERVICE,
)
from device_profiles.profile import Advertised, Profile
from device_profiles.reading import Indication
from device_profiles.talk import Owner, Talk, Write

# The scale sends what it stored for a user within seconds after the consent.
NEXT_USER_S: Final = 5.0


class _Consent:
    """Opens one user after the other."""

    def __init__(self, owner: Owner) -> None:
        self._left = [
            user_control_point.consent(given.user, given.code) for given in owner.consents
        ]

    def begin(self) -> Sequence[Write]:
        return self._next(0.0)

    def heard(self, indication: Indication) -> Sequence[Write]:
        if indication.uuid != USER_CONTROL_POINT:
            return ()
        try:
            answer = user_control_point.decode(indication.octets)
        except DecodeError:
            return ()
        return self._next(NEXT_USER_S) if answer.request is not None else ()

    def _next(self, after_s: float) -> Sequence[Write]:
        return (Write(USER_CONTROL_POINT, self._left.pop(0), after_s),) if self._left else ()


def _talk(owner: Owner) -> Talk:
    return _Consent(owner)


PROFILE: Final = Profile(
    key="beurer_bf720",
    name="Body scale",
    match=Advertised(BODY_COMPOSITION_SERVICE, "BF720", model=r"BF ?(600|720|105)"),
    also=tuple(
        Advertised(service, name)
        for service in (BODY_COMPOSITION_SERVICE, WEIGHT_SCALE_SERVICE)
        for name in ("BF600", "BF105", "BF720")
        if (service, name) != (BODY_COMPOSITION_SERVICE, "BF720")
    ),
    read={
        WEIGHT_MEASUREMENT: scale_reading.readings,
        BODY_COMPOSITION_MEASUREMENT: scale_reading.readings,
    },
    subscribe=(WEIGHT_MEASUREMENT, BODY_COMPOSITION_MEASUREMENT),
    clock=CURRENT_TIME,
    assemble=partial(ScaleRecords, weight_waits=True),
    reads_rest=True,  # who stands on it in shoes has a weight alone
    talk=_talk,
    answers=(USER_CONTROL_POINT,),
    about=About(
        maker="Beurer",
        models="BF600, BF720, BF105",
        pairing=Pairing.BOND,
        notes=(
            "Each user's number and PIN, which the scale shows, go into `consents.toml`.",
            "Say with `hub pair --slot` which user is which patient.",
        ),
        missing="registering a new user on the scale",
        evidence=Evidence.CAPTURE,
    ),
)
