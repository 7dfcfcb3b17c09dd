"""TaiDoc and FORA cuffs (TD-3128, FORA P30 Plus, D40): asked for the newest result.

Facts: andrew61/TransafeRx.iOS, whizconnect's FORA IR40 and advmeds-bluetooth-lib (frames, numbers),
glucometerutils td42xx (date). A frame has 8 octets: 51 command data (4) end sum. 25 asks when, 26
what: systolic (16 bit), diastolic, pulse. Requests end with A3, answers with A5.
"""

from collections.abc import Sequence
from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.errors import DecodeError
from device_profiles.profile import Advertised, Group, Profile
from device_profiles.reading import DeviceTime, Indication, Reading
from device_profiles.talk import Write, says
from device_profiles.vendor.octets import exact
from device_profiles.vendor.pressure import plain

SERVICE: Final = "00001523-1212-efde-1523-785feabcd123"
FRAMES: Final = "00001524-1212-efde-1523-785feabcd123"
HEAD, ASK, ANSWER = 0x51, 0xA3, 0xA5
WHEN, WHAT = 0x25, 0x26
LENGTH: Final = 8
PAUSE_S: Final = 0.2  # as the maker's partners leave between commands


def _ask(command: int) -> bytes:
    frame = bytes((HEAD, command, 0, 0, 0, 0, ASK))
    return frame + bytes((sum(frame) & 0xFF,))


def _answer(octets: bytes) -> tuple[int, bytes]:
    """Return the command that is answered, and the data."""
    exact(octets, LENGTH, "a frame")
    if octets[0] != HEAD or octets[6] != ANSWER:
        raise DecodeError("an answer begins with 51 and ends with a5")
    if sum(octets[:7]) & 0xFF != octets[7]:
        raise DecodeError("the sum does not fit")
    return octets[1], octets[2:6]


def _time(data: bytes) -> DeviceTime:
    date = int.from_bytes(data[:2], "little")
    return DeviceTime(
        year=2000 + (date >> 9),
        month=date >> 5 & 0xF,
        day=date & 0x1F,
        hour=data[3] & 0x1F,
        minute=data[2] & 0x3F,
        second=0,
    )


def _readings(group: Group) -> tuple[Reading, ...]:
    """The result, then when it was; alone it has no time that could be believed."""
    command, data = _answer(group[0].octets)
    if command != WHAT:
        return ()
    when = next((time for one in group[1:] if (time := _when(one))), None)
    unknown = DeviceTime(year=0, month=0, day=0, hour=0, minute=0, second=0)
    systolic = int.from_bytes(data[:2], "little")
    return plain(group, systolic, data[2], data[3], device_time=when or unknown)


def _when(indication: Indication) -> DeviceTime | None:
    try:
        command, data = _answer(indication.octets)
    except DecodeError:
        return None
    return _time(data) if command == WHEN else None


class _Pair:
    """Joins a result with the time that was told before it."""

    def __init__(self) -> None:
        self._before: list[Indication] = []

    def add(self, indication: Indication) -> Sequence[Group]:
        if _when(indication):
            groups, self._before = self.rest(), [indication]
            return groups
        before, self._before = self._before, []
        return ((indication, *before),)

    def rest(self) -> Sequence[Group]:
        before, self._before = self._before, []
        return (tuple(before),) if before else ()


PROFILE: Final = Profile(
    key="taidoc_fora",
    name="Blood pressure cuff",
    match=Advertised(SERVICE, "FORA", manufacturer="TaiDoc", model=r"(TD-?31\d\d|.*P30.*|.*D40.*)"),
    also=(Advertised(SERVICE, "TAIDOC TD31"),),
    read={FRAMES: _readings},
    subscribe=(FRAMES,),
    assemble=_Pair,
    talk=says(Write(FRAMES, _ask(WHEN), PAUSE_S), Write(FRAMES, _ask(WHAT), PAUSE_S)),
    about=About(
        maker="TaiDoc, FORA",
        models="TD-3128, FORA P30 Plus, D40 (blood pressure)",
        pairing=Pairing.BOND,
        notes=("Meters that have the Glucose Service are read as any meter.",),
        missing="all but the newest result; glucose of the D40; its clock is not set",
        evidence=Evidence.DOCUMENTATION,
    ),
)
