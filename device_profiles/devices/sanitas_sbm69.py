"""Sanitas and SilverCrest SBM69, a cuff that writes plain 16-bit numbers where SFLOAT belongs.

Facts: ignisf/sbm69 (layout), 1technophile/OpenMQTTGateway issue 806 (passkey). Up to 2045 both
forms have the same octets. Above, a plain number is no pressure and an SFLOAT would become one.
"""

import struct
from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.codecs.octets import Octets
from device_profiles.gatt import BLOOD_PRESSURE_MEASUREMENT, BLOOD_PRESSURE_SERVICE, CURRENT_TIME
from device_profiles.profile import Advertised, Group, Profile
from device_profiles.reading import Reading
from device_profiles.vendor.pressure import NAN, read_as_standard

_TIME, _PULSE = 1 << 1, 1 << 2
LARGEST: Final = 2045


def _readings(group: Group) -> tuple[Reading, ...]:
    rest = Octets(group[0].octets)
    flags = rest.take(1, "the flags")
    pressures = b"".join(_plain(rest, "a pressure") for _ in range(3))
    time = rest.take(7, "the time stamp") if flags[0] & _TIME else b""
    pulse = _plain(rest, "the pulse") if flags[0] & _PULSE else b""
    return read_as_standard(group, flags + pressures + time + pulse + rest.rest())


def _plain(rest: Octets, field: str) -> bytes:
    number = rest.unsigned(2, field)
    return struct.pack("<H", number if number <= LARGEST else NAN)


PROFILE: Final = Profile(
    key="sanitas_sbm69",
    name="Blood pressure cuff",
    match=Advertised(BLOOD_PRESSURE_SERVICE, "SBM69", model=r"SBM ?69.*"),
    read={BLOOD_PRESSURE_MEASUREMENT: _readings},
    subscribe=(BLOOD_PRESSURE_MEASUREMENT,),
    clock=CURRENT_TIME,
    about=About(
        maker="Sanitas, SilverCrest (Hans Dinslage)",
        models="SBM69",
        pairing=Pairing.PASSKEY,
        notes=(
            "Shows a number at the first pairing only.",
            "Sends its whole memory in every session; nothing is stored twice.",
        ),
        evidence=Evidence.DOCUMENTATION,
    ),
)
