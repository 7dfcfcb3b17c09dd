"""Roche Accu-Chek Aviva Connect and Performa Connect: as a Guide, but the clock is a Date Time.

Facts: tidepool-org/uploader (model numbers), owners' descriptions of an Aviva Connect (0x2A08 in
the Glucose Service, no Current Time). Whether the meter takes a new time, nobody has published; one
that refuses keeps its own, and its results are corrected by what it shows.
"""

from dataclasses import replace
from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.devices import accu_chek
from device_profiles.gatt import DATE_TIME, GLUCOSE_SERVICE
from device_profiles.profile import Advertised

PROFILE: Final = replace(
    accu_chek.PROFILE,
    key="accu_chek_connect",
    match=Advertised(
        GLUCOSE_SERVICE,
        manufacturer="Roche",
        model=r"479|483|484|49[789]|50[0123]|685|765|.*(Aviva|Performa) Connect.*",
    ),
    also=(),
    clock=DATE_TIME,
    about=About(
        maker="Roche",
        models="Accu-Chek Aviva Connect, Performa Connect",
        pairing=Pairing.PASSKEY,
        notes=("The six digits are printed on the back of the meter.",),
        missing="a confirmation that its clock can be set",
        evidence=Evidence.DOCUMENTATION,
    ),
)
