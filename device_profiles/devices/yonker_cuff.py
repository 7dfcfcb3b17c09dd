"""Yonker and METIKO cuffs: 15 octets, 81 systolic diastolic pulse .. day month year hour minute.

Facts: derdilla/blood-pressure-monitor-fl, issue 615 (an owner's analysis) and pull request 688. Its
clock is unreliable: an impossible date is kept as unknown, so that no time is made up.
"""

from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.errors import DecodeError
from device_profiles.profile import Advertised, Group, Profile, Sieve
from device_profiles.reading import DeviceTime, Indication, Reading
from device_profiles.vendor.octets import exact, starts
from device_profiles.vendor.pressure import plain

SERVICE: Final = "cdeacd80-5235-4c07-8846-93a37ee6b86d"
RESULT: Final = "cdeacd81-5235-4c07-8846-93a37ee6b86d"
HEAD: Final = b"\x81"
LENGTH: Final = 15


def _readings(group: Group) -> tuple[Reading, ...]:
    octets = starts(exact(group[0].octets, LENGTH, "a result"), HEAD, "a result")
    return plain(group, octets[1], octets[2], octets[3], device_time=_time(octets[6:11]))


def _time(octets: bytes) -> DeviceTime:
    day, month, year, hour, minute = octets
    told = DeviceTime(year=2000 + year, month=month, day=day, hour=hour, minute=minute, second=0)
    return told if told.wall() else DeviceTime(year=0, month=0, day=0, hour=0, minute=0, second=0)


class _Results:
    """Drops the pressures of a running measurement: other lengths, other heads."""

    def keeps(self, indication: Indication) -> bool:
        try:
            starts(exact(indication.octets, LENGTH, "a result"), HEAD, "a result")
        except DecodeError:
            return False
        return True


def _sieve() -> Sieve:
    return _Results()


PROFILE: Final = Profile(
    key="yonker_cuff",
    name="Blood pressure cuff",
    match=Advertised(SERVICE),
    read={RESULT: _readings},
    subscribe=(RESULT,),
    sieve=_sieve,
    about=About(
        maker="Yonker, METIKO",
        models="YK-IBPA1, YK-BPW5",
        pairing=Pairing.NONE,
        notes=("Its clock cannot be set by the hub and is often wrong.",),
        evidence=Evidence.DOCUMENTATION,
    ),
)
