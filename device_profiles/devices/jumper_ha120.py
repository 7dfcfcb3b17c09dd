"""Jumper JPD-HA120, a cuff: FD FD FC systolic diastolic pulse, then 0D 0A, on 0xFFF1.

Facts: the smarttelemed app's notes (example fd fd fc 63 39 43 0d 0a: 99/57, pulse 67). It tells no
time: a reading was taken when it came. Other FD FD messages tell the pressure while measuring.
"""

from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.errors import DecodeError
from device_profiles.gatt import sig
from device_profiles.profile import Advertised, Group, Profile, Sieve
from device_profiles.reading import Indication, Reading
from device_profiles.vendor.octets import starts
from device_profiles.vendor.pressure import plain

SERVICE: Final = sig(0xFFF0)
RESULT: Final = sig(0xFFF1)
HEAD: Final = bytes.fromhex("fdfdfc")
TAIL: Final = b"\r\n"


def _readings(group: Group) -> tuple[Reading, ...]:
    octets = starts(group[0].octets, HEAD, "a result")
    numbers, tail = octets[3:6], octets[6:]
    if len(numbers) != 3 or tail not in (b"", TAIL):
        raise DecodeError("a result has three numbers and an end of line")
    return plain(group, *numbers)


class _Results:
    """Drops the pressures of a running measurement, which have another head."""

    def keeps(self, indication: Indication) -> bool:
        return indication.octets.startswith(HEAD)


def _sieve() -> Sieve:
    return _Results()


PROFILE: Final = Profile(
    key="jumper_ha120",
    name="Blood pressure cuff",
    match=Advertised(SERVICE, "JPD-HA120", manufacturer="Jumper", model=r"(JPD-)?HA12[01].*"),
    also=(Advertised(SERVICE, "JPD-HA121"), Advertised(SERVICE, "JPD BPM")),
    read={RESULT: _readings},
    subscribe=(RESULT,),
    sieve=_sieve,
    about=About(
        maker="Jumper",
        models="JPD-HA120, JPD-HA121",
        pairing=Pairing.NONE,
        notes=("Tells no time: the hub must be near when it measures.",),
        evidence=Evidence.DOCUMENTATION,
    ),
)
