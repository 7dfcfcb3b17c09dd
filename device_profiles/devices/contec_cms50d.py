"""Contec CMS50D-BT, an oximeter that streams once it is told to: eb 01 state pulse SpO2 ..

Facts: tobiasisenberg/OxiVis, issue 2 (an owner's octets). 9b 01 1c to 0xFF01 starts the stream on
0xFF02. State 06 is a finger, 04 none; then the last numbers stay. eb 00 is the curve.
"""

from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.errors import DecodeError
from device_profiles.gatt import sig
from device_profiles.profile import Advertised, Profile
from device_profiles.talk import Write, says
from device_profiles.vendor.octets import exact
from device_profiles.vendor.oxygen import Frame, streaming

SERVICE: Final = sig(0xFF00)
COMMAND: Final = sig(0xFF01)
STREAM: Final = sig(0xFF02)
START: Final = bytes.fromhex("9b011c")
NUMBERS: Final = bytes.fromhex("eb01")
_FINGER: Final = 1 << 1
NO_SPO2, NO_PULSE = 127, 255


def _frame(octets: bytes) -> Frame | None:
    if not octets:
        raise DecodeError("a frame has octets")
    if not octets.startswith(NUMBERS):
        return None
    state, pulse, spo2 = exact(octets, 8, "a frame")[2:5]
    if not state & _FINGER or spo2 in (0, NO_SPO2):
        return Frame(None, None)
    return Frame(spo2, None if pulse in (0, NO_PULSE) else pulse)


READ, EPISODES, SIEVE = streaming(_frame)

PROFILE: Final = Profile(
    key="contec_cms50d",
    name="Pulse oximeter",
    match=Advertised(SERVICE, "SpO2", manufacturer="Contec", model=r"CMS50D.*"),
    also=(Advertised(SERVICE, "CMS50D"),),
    read={STREAM: READ},
    subscribe=(STREAM,),
    assemble=EPISODES,
    reads_rest=True,
    sieve=SIEVE,
    talk=says(Write(COMMAND, START)),
    about=About(
        maker="Contec",
        models="CMS50D-BT",
        pairing=Pairing.NONE,
        notes=("Streams: one reading per finger, or per minute of a long one.",),
        evidence=Evidence.DOCUMENTATION,
    ),
)
