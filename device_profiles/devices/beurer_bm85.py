"""Beurer BM85, a cuff that writes pulse and status high octet first: see vendor/beurer.py."""

from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.errors import DecodeError
from device_profiles.gatt import BLOOD_PRESSURE_MEASUREMENT, BLOOD_PRESSURE_SERVICE, CURRENT_TIME
from device_profiles.profile import Advertised, Group, Profile
from device_profiles.reading import Reading
from device_profiles.vendor import beurer


def _readings(group: Group) -> tuple[Reading, ...]:
    """Refuse all but its own order: in the standard's, a cut message would still make sense."""
    if not beurer.swapped(group[0].octets):
        raise DecodeError("this cuff sends 19 octets with time, pulse and status")
    return beurer.readings(group)


PROFILE: Final = Profile(
    key="beurer_bm85",
    name="Blood pressure cuff",
    match=Advertised(BLOOD_PRESSURE_SERVICE, "BM85", model=r"BM ?85.*"),
    read={BLOOD_PRESSURE_MEASUREMENT: _readings},
    subscribe=(BLOOD_PRESSURE_MEASUREMENT,),
    clock=CURRENT_TIME,
    about=About(
        maker="Beurer",
        models="BM85",
        pairing=Pairing.PASSKEY,
        notes=(
            "Sends its whole memory in every session; nothing is stored twice.",
            "Two users: say with `hub pair --slot` whose slot is whose.",
            "Pulse and status come high octet first.",
        ),
        evidence=Evidence.CAPTURE,
    ),
)
