"""Beurer BM57 and BM59, cuffs of the standard's octets.

Facts: derdilla/blood-pressure-monitor-fl, pull requests 660 and 735. The maker's app treats some
Beurer cuffs as high octet first; octets in that order are one too long, and are read so.
"""

from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.gatt import BLOOD_PRESSURE_MEASUREMENT, BLOOD_PRESSURE_SERVICE, CURRENT_TIME
from device_profiles.profile import Advertised, Profile
from device_profiles.vendor import beurer

PROFILE: Final = Profile(
    key="beurer_bm57",
    name="Blood pressure cuff",
    match=Advertised(BLOOD_PRESSURE_SERVICE, "BM57", model=r"BM ?(57|59).*"),
    also=(Advertised(BLOOD_PRESSURE_SERVICE, "BM59"),),
    read={BLOOD_PRESSURE_MEASUREMENT: beurer.readings},
    subscribe=(BLOOD_PRESSURE_MEASUREMENT,),
    clock=CURRENT_TIME,
    about=About(
        maker="Beurer",
        models="BM57, BM59",
        pairing=Pairing.PASSKEY,
        notes=("Sends its whole memory in every session; nothing is stored twice.",),
        evidence=Evidence.DOCUMENTATION,
    ),
)
