"""TaiDoc and FORA cuffs (TD-3128, FORA P30 Plus): asked for one result after the other.

Facts: andrew61/TransafeRx.iOS, whizconnect's FORA IR40 and advmeds-bluetooth-lib (frames, numbers),
glucometerutils td42xx (date, clock, count, index), markchuang56/iOS-Demo (what the spare bits of
the time say). A frame has 8 octets: 51 command data (4) end sum; requests end with A3, answers with
A5. 23 asks and 33 sets the clock, 2B asks how many there are, 25 asks when, 26 what: systolic (16
bit), diastolic, pulse. 25 and 26 take an index, 0 is the newest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.codecs.findings import Finding, flags, worst
from device_profiles.errors import DecodeError
from device_profiles.profile import Advertised, Group, Profile, Sieve
from device_profiles.reading import DeviceTime, Indication, Reading
from device_profiles.talk import Owner, Said, SetClock, Talk, Write
from device_profiles.vendor.octets import exact
from device_profiles.vendor.pressure import plain

SERVICE: Final = "00001523-1212-efde-1523-785feabcd123"
FRAMES: Final = "00001524-1212-efde-1523-785feabcd123"
HEAD, ASK, ANSWER = 0x51, 0xA3, 0xA5
CLOCK, SET_CLOCK, WHEN, WHAT, COUNT = 0x23, 0x33, 0x25, 0x26, 0x2B
LENGTH: Final = 8
PAUSE_S: Final = 0.2  # as the maker's partners leave between commands
MOST: Final = 50  # what is older was read in an earlier session


def _ask(command: int, data: bytes = bytes(4)) -> bytes:
    frame = bytes((HEAD, command)) + data + bytes((ASK,))
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


def _set_clock(local: datetime) -> bytes:
    date = (local.year - 2000) << 9 | local.month << 5 | local.day
    return _ask(SET_CLOCK, date.to_bytes(2, "little") + bytes((local.minute, local.hour)))


@dataclass(frozen=True, slots=True)
class When:
    """When a result was, and what else is said there. `pressure` is told by a D40 only."""

    time: DeviceTime
    pressure: bool
    found: tuple[Finding, ...]


def readings(group: Group) -> tuple[Reading, ...]:
    """The result, then when it was; alone it has no time that could be believed."""
    command, data = _answer(group[0].octets)
    if command != WHAT:
        return ()
    told = when(group)
    unknown = DeviceTime(year=0, month=0, day=0, hour=0, minute=0, second=0)
    systolic = int.from_bytes(data[:2], "little")
    time = told.time if told else unknown
    (reading,) = plain(group, systolic, data[2], data[3], device_time=time)
    found = [Finding("as_before", reading.validity), *(told.found if told else ())]
    update = {"flags": (*reading.flags, *flags(found[1:])), "validity": worst(found)}
    return (reading.model_copy(update=update),)


def when(group: Group) -> When | None:
    """Return what was told before the result."""
    return next((told for one in group[1:] if (told := _when(one))), None)


def _when(indication: Indication) -> When | None:
    data = _said(indication, WHEN)
    if data is None:
        return None
    irregular = data[2] & 0x40 or data[3] & 0x60
    found = [Finding("irregular_pulse")] if irregular else []
    if data[3] & 0x80:
        found.append(Finding("average"))
    return When(_time(data), bool(data[2] & 0x80), tuple(found))


def _clock(indication: Indication) -> DeviceTime | None:
    data = _said(indication, CLOCK)
    return None if data is None else _time(data)


def _said(indication: Indication, command: int) -> bytes | None:
    """Return what is answered to this command, if it is such an answer."""
    try:
        answered, data = _answer(indication.octets)
    except DecodeError:
        return None
    return data if answered == command else None


class _Ask:
    """Clock, the newest result, how many there are, then the others. A device may know no count."""

    def __init__(self) -> None:
        self._left: Iterator[int] = iter(())

    def begin(self) -> Sequence[Said]:
        return (Write(FRAMES, _ask(CLOCK), PAUSE_S), *_result(0), _pause(_ask(COUNT)))

    def heard(self, indication: Indication) -> Sequence[Said]:
        if _clock(indication) is not None:
            return (SetClock(FRAMES, _set_clock, PAUSE_S),)
        count = _said(indication, COUNT)
        if count is not None:
            self._left = iter(range(1, min(int.from_bytes(count[:2], "little"), MOST)))
        if count is None and _said(indication, WHAT) is None:
            return ()
        index = next(self._left, None)
        return () if index is None else _result(index)


def _result(index: int) -> tuple[Write, Write]:
    data = index.to_bytes(2, "little") + bytes(2)
    return _pause(_ask(WHEN, data)), _pause(_ask(WHAT, data))


def _pause(octets: bytes) -> Write:
    return Write(FRAMES, octets, PAUSE_S)


class _Results:
    """Drops all but results and their times."""

    def keeps(self, indication: Indication) -> bool:
        return all(_said(indication, command) is None for command in (CLOCK, SET_CLOCK, COUNT))


def _sieve() -> Sieve:
    return _Results()


def _talk(owner: Owner) -> Talk:  # noqa: ARG001
    return _Ask()


class _Pair:
    """Joins a result with the time that was told before it."""

    def __init__(self) -> None:
        self._before: list[Indication] = []

    def add(self, indication: Indication) -> Sequence[Group]:
        if _when(indication):
            groups, self._before = self.rest(), [indication]
            return groups
        if _said(indication, WHAT) is None:
            return ((indication,),)
        before, self._before = self._before, []
        return ((indication, *before),)

    def rest(self) -> Sequence[Group]:
        before, self._before = self._before, []
        return (tuple(before),) if before else ()


PROFILE: Final = Profile(
    key="taidoc_fora",
    name="Blood pressure cuff",
    match=Advertised(SERVICE, "FORA", manufacturer="TaiDoc", model=r"(TD-?31\d\d|.*P30.*)"),
    also=(Advertised(SERVICE, "TAIDOC TD31"),),
    read={FRAMES: readings},
    subscribe=(FRAMES,),
    assemble=_Pair,
    clock_told=_clock,
    talk=_talk,
    sieve=_sieve,
    about=About(
        maker="TaiDoc, FORA",
        models="TD-3128, FORA P30 Plus",
        pairing=Pairing.BOND,
        notes=(
            "Its clock is read before anything else, then set.",
            "Every session reads the newest fifty results; nothing is stored twice.",
            "Meters that have the Glucose Service are read as any meter.",
        ),
        missing="which of its users was measured",
        evidence=Evidence.DOCUMENTATION,
    ),
)
