"""Nonin 3230, an oximeter with the Pulse Oximeter Service.

Facts: Nonin's published BLE description: it has the standard service beside Nonin's own. The
standard's spot-check is one settled reading, so Nonin's stream is left alone.
"""

from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.codecs import plx
from device_profiles.gatt import CURRENT_TIME, PLX_SPOT_CHECK, PULSE_OXIMETER_SERVICE
from device_profiles.profile import Advertised, Profile

PROFILE: Final = Profile(
    key="nonin_3230",
    name="Pulse oximeter",
    match=Advertised(PULSE_OXIMETER_SERVICE, "Nonin3230_", manufacturer="Nonin", model=r".*3230.*"),
    read={PLX_SPOT_CHECK: plx.spot_check_readings},
    subscribe=(PLX_SPOT_CHECK,),
    clock=CURRENT_TIME,
    about=About(
        maker="Nonin",
        models="3230",
        pairing=Pairing.BOND,
        notes=("Pairs within two minutes after a battery is put in.",),
        evidence=Evidence.DOCUMENTATION,
    ),
)
