"""Jumper JPD-500F and other "My Oximeter": 81 pulse SpO2 perfusion; 80 is the curve.

Facts: the smarttelemed app's notes (example 81 38 63 44: pulse 56, SpO2 99), several apps on the
same service. 255 and 127 mean "no value" in relatives of this protocol.
"""

from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.errors import DecodeError
from device_profiles.profile import Advertised, Profile
from device_profiles.vendor.oxygen import Frame, streaming

SERVICE: Final = "cdeacb80-5235-4c07-8846-93a37ee6b86d"
STREAM: Final = "cdeacb81-5235-4c07-8846-93a37ee6b86d"
NUMBERS: Final = 0x81
LENGTH: Final = 4
NO_SPO2: Final = frozenset({0, 127})
NO_PULSE: Final = frozenset({0, 255})


def _frame(octets: bytes) -> Frame | None:
    if not octets:
        raise DecodeError("a frame has octets")
    if octets[0] != NUMBERS:
        return None
    if len(octets) < LENGTH:  # some models add fields at the end
        raise DecodeError(f"a frame has {LENGTH} octets or more, not {len(octets)}")
    pulse, spo2 = octets[1:3]
    return Frame(spo2=None if spo2 in NO_SPO2 else spo2, pulse=None if pulse in NO_PULSE else pulse)


READ, EPISODES, SIEVE = streaming(_frame)

PROFILE: Final = Profile(
    key="jumper_jpd500f",
    name="Pulse oximeter",
    match=Advertised(SERVICE),
    read={STREAM: READ},
    subscribe=(STREAM,),
    assemble=EPISODES,
    reads_rest=True,
    sieve=SIEVE,
    about=About(
        maker="Jumper",
        models='JPD-500F and others named "My Oximeter"',
        pairing=Pairing.NONE,
        notes=("Streams: one reading per finger, or per minute of a long one.",),
        evidence=Evidence.DOCUMENTATION,
    ),
)
