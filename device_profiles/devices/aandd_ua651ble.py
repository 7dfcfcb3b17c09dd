"""A&D UA-651BLE, a cuff: the standard's octets, but the clock is a Date Time inside 0x1810.

Facts: weliem/blessed-bluez, andengineering/AndroidSampleCode (issue 1), A&D's UUID tables.
"""

from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.codecs import blood_pressure
from device_profiles.gatt import BLOOD_PRESSURE_MEASUREMENT, BLOOD_PRESSURE_SERVICE, DATE_TIME
from device_profiles.profile import Advertised, Profile

PROFILE: Final = Profile(
    key="aandd_ua651ble",
    name="Blood pressure cuff",
    match=Advertised(
        BLOOD_PRESSURE_SERVICE, "A&D_UA-651BLE", manufacturer="A&D", model=r"UA-651.*BLE.*"
    ),
    also=(Advertised(BLOOD_PRESSURE_SERVICE, "UA-651BLE"),),
    read={BLOOD_PRESSURE_MEASUREMENT: blood_pressure.readings},
    subscribe=(BLOOD_PRESSURE_MEASUREMENT,),
    clock=DATE_TIME,
    about=About(
        maker="A&D",
        models="UA-651BLE, UA-651CNBLE",
        pairing=Pairing.BOND,
        notes=(
            "Hold START until Pr shows, then let the hub pair.",
            "The hub hangs up after the first bond, which ends the pairing.",
        ),
        evidence=Evidence.DOCUMENTATION,
    ),
)
