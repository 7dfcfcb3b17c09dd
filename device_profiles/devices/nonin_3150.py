"""Nonin 3150 and others with Nonin's own oximetry service: one frame a second, high octet first.

Facts: descriptions of Nonin's data format by users of the 3150 and 3230 (length, status, battery,
pulse amplitude, counter at 5, SpO2 at 7, pulse at 8). SpO2 127 and pulse 511 mean "no value".
"""

from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.codecs.findings import Finding
from device_profiles.errors import DecodeError
from device_profiles.profile import Advertised, Profile
from device_profiles.reading import Validity
from device_profiles.vendor.oxygen import Frame, streaming

SERVICE: Final = "46a970e0-0d5f-11e2-8b5e-0002a5d5c51b"
STREAM: Final = "0aad7ea0-0d60-11e2-8e3c-0002a5d5c51b"
LENGTH: Final = 10
NO_SPO2, NO_PULSE = 127, 511
_SEARCHING: Final = 1 << 3
_STATUS: Final = {
    1: Finding("signal_poor", Validity.QUESTIONABLE),
    5: Finding("battery_low"),
}


def _frame(octets: bytes) -> Frame | None:
    if len(octets) < LENGTH:  # newer firmware may add fields at the end
        raise DecodeError(f"a frame has {LENGTH} octets or more, not {len(octets)}")
    status, spo2 = octets[1], octets[7]
    pulse = int.from_bytes(octets[8:10], "big")
    found = tuple(finding for bit, finding in _STATUS.items() if status >> bit & 1)
    if status & _SEARCHING or spo2 == NO_SPO2:
        return Frame(None, None)
    return Frame(spo2, None if pulse == NO_PULSE else pulse, found)


READ, EPISODES, SIEVE = streaming(_frame)

PROFILE: Final = Profile(
    key="nonin_3150",
    name="Pulse oximeter",
    match=Advertised(SERVICE),
    read={STREAM: READ},
    subscribe=(STREAM,),
    assemble=EPISODES,
    reads_rest=True,
    sieve=SIEVE,
    about=About(
        maker="Nonin",
        models="3150, and others with Nonin's own service",
        pairing=Pairing.BOND,
        notes=(
            "Pairs within two minutes after a battery is put in.",
            "Streams: one reading per finger, or per minute of a long one.",
        ),
        missing="the memory of the 3150",
        evidence=Evidence.DOCUMENTATION,
    ),
)
