"""Omron cuffs that have the Blood Pressure Service. Their clock is never written.

Facts: weliem/blessed-kotlin (a written clock costs the bond), omblepy and hass-omron (one bond,
user slots). Models with the EEPROM protocol only are not read.
"""

from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.codecs import blood_pressure
from device_profiles.gatt import BLOOD_PRESSURE_MEASUREMENT, BLOOD_PRESSURE_SERVICE, CURRENT_TIME
from device_profiles.profile import Advertised, Profile

PROFILE: Final = Profile(
    key="omron_1810",
    name="Blood pressure cuff",
    match=Advertised(
        BLOOD_PRESSURE_SERVICE, "BLEsmart_", manufacturer="OMRON", model=r"(HEM|BP|M\d|X\d).*"
    ),
    also=(Advertised(BLOOD_PRESSURE_SERVICE, "BLP_Omron"),),
    read={BLOOD_PRESSURE_MEASUREMENT: blood_pressure.readings},
    subscribe=(BLOOD_PRESSURE_MEASUREMENT,),
    clock=CURRENT_TIME,
    sets_clock=False,
    about=About(
        maker="Omron",
        models="HEM-7xxx and others with the Blood Pressure Service",
        pairing=Pairing.BOND,
        notes=(
            "Keeps one bond: unpair the phone first.",
            "Two users share one cuff: say with `hub pair --slot` whose slot is whose.",
            "The clock is read and never written.",
        ),
        missing="models that only have Omron's own memory protocol",
        evidence=Evidence.DOCUMENTATION,
    ),
)
