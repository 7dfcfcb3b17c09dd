"""Berry BM1000, an oximeter of the BCI protocol: packets of 5 octets, the first with bit 7 set.

Facts: zh2x/BCI_Protocol V1.2, Adafruit's and others' descriptions (87 32 05 48 62: pulse 72, SpO2
98). A hundred packets come in a second, several in one notification, so one in 25 is kept.
"""

from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.errors import DecodeError
from device_profiles.profile import Advertised, Profile
from device_profiles.vendor.oxygen import Frame, streaming

SERVICE: Final = "49535343-fe7d-4ae5-8fa9-9fafd205e455"
STREAM: Final = "49535343-1e4d-4bd9-ba61-23c647249616"
LENGTH: Final = 5
EVERY: Final = 25  # notifications of 4 packets each: about one a second
_SYNC: Final = 1 << 7
_NO_PROBE: Final = 1 << 5  # of the first octet
_NO_FINGER, _SEARCHING, _PULSE_HIGH = 1 << 4, 1 << 5, 1 << 6  # of the third
NO_SPO2, NO_PULSE = 127, 255


def _frame(octets: bytes) -> Frame | None:
    packet = _last_packet(octets)
    state = packet[2]
    pulse, spo2 = packet[3] | (state & _PULSE_HIGH) << 1, packet[4]
    off = packet[0] & _NO_PROBE or state & (_NO_FINGER | _SEARCHING)
    if off or spo2 in (0, NO_SPO2):
        return Frame(None, None)
    return Frame(spo2, None if pulse in (0, NO_PULSE) else pulse)


def _last_packet(octets: bytes) -> bytes:
    """Packets may begin anywhere in a notification; the last whole one is the newest."""
    for start in range(len(octets) - LENGTH, -1, -1):
        packet = octets[start : start + LENGTH]
        if packet[0] & _SYNC and not any(octet & _SYNC for octet in packet[1:]):
            return packet
    raise DecodeError("no packet of 5 octets begins with bit 7 set")


READ, EPISODES, SIEVE = streaming(_frame, EVERY)

PROFILE: Final = Profile(
    key="berry_bm1000",
    name="Pulse oximeter",
    match=Advertised(SERVICE, "BerryMed", manufacturer="Berry", model=r"BM1000.*"),
    also=(Advertised(SERVICE, "BM1000"),),
    read={STREAM: READ},
    subscribe=(STREAM,),
    assemble=EPISODES,
    reads_rest=True,
    sieve=SIEVE,
    about=About(
        maker="Berry",
        models="BM1000, BM1000B, BM1000C, BM1000E",
        pairing=Pairing.NONE,
        notes=("Streams: one reading per finger, or per minute of a long one.",),
        evidence=Evidence.DOCUMENTATION,
    ),
)
