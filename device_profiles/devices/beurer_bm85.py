"""Beurer BM85, a cuff that writes pulse and status high octet first: see vendor/beurer.py."""

from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.gatt import BLOOD_PRESSURE_MEASUREMENT, BLOOD_PRESSURE_SERVICE, CURRENT_TIME
from device_profiles.profile import Advertised, Profile
from device_profiles.vendor import beurer

PROFILE: Final = Profile(
    key="beurer_bm85",
    name="Blood pressure cuff",
    match=Advertised(BLOOD_PRESSURE_SERVICE, "BM85", model=r"BM ?85.*"),
    read={BLOOD_PRESSURE_MEASUREMENT: beurer.readings},
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
