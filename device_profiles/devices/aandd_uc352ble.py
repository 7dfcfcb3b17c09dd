"""A&D UC-352BLE, a scale with the maker's own service: as 0x2A9D, but in steps of 0.1 kg or lb.

Facts: andengineering/AndroidSampleCode (UUIDs), dariuszseweryn/RxAndroidBle issue 130 (an owner's
octets and what the scale showed). Newer ones have the Weight Scale Service: generic_scale. In one
with its own service, the steps of the standard's characteristic are its own too.
"""

from decimal import Decimal
from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.codecs import date_time
from device_profiles.codecs.findings import Finding, Window, flags, plausibility, value, worst
from device_profiles.codecs.octets import Octets
from device_profiles.codes import KG, POUND, WEIGHT
from device_profiles.gatt import DATE_TIME, WEIGHT_MEASUREMENT
from device_profiles.profile import Advertised, Group, Profile
from device_profiles.reading import Absent, Kind, Reading, Validity

SERVICE: Final = "23434100-1fe4-1eff-80cb-00ff78297d8b"
MEASUREMENT: Final = "23434101-1fe4-1eff-80cb-00ff78297d8b"
_POUNDS, _TIME = 1, 1 << 1
_NONE: Final = 0xFFFF  # as in the Weight Scale Service: no weight was found
KG_PER_POUND: Final = Decimal("0.45359237")
# The scale takes up to 200 kg; below 2 kg nobody stands on it.
_WINDOW: Final = Window(Decimal(2), Decimal(200))


def _readings(group: Group) -> tuple[Reading, ...]:
    rest = Octets(group[0].octets)
    present = rest.unsigned(1, "the flags")
    steps = rest.unsigned(2, "the weight")
    device_time = date_time.take(rest, "the time stamp") if present & _TIME else None
    rest.end()
    pounds = bool(present & _POUNDS)
    amount = Absent.SENTINEL if steps == _NONE else Decimal(steps).scaleb(-1)
    weight = value(WEIGHT, POUND if pounds else KG, amount)
    found = plausibility(weight, _WINDOW, KG_PER_POUND if pounds else Decimal(1))
    if weight.absent:
        found.append(Finding("weight_absent", Validity.INVALID))
    reading = Reading(
        kind=Kind.WEIGHT,
        values=(weight,),
        validity=worst(found),
        octets=group,
        device_time=device_time,
        flags=flags(found),
    )
    return (reading,)


PROFILE: Final = Profile(
    key="aandd_uc352ble",
    name="Scale",
    match=Advertised(SERVICE),
    read={MEASUREMENT: _readings, WEIGHT_MEASUREMENT: _readings},
    subscribe=(MEASUREMENT, WEIGHT_MEASUREMENT),
    clock=DATE_TIME,
    about=About(
        maker="A&D",
        models="UC-352BLE (with its own service)",
        pairing=Pairing.BOND,
        notes=("Weight in steps of 0.1, in kilograms and in pounds.",),
        evidence=Evidence.CAPTURE,
    ),
)
