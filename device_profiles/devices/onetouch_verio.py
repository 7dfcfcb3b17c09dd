"""LifeScan OneTouch Verio Flex and Reflect: asked for one record after the other, newest first.

Facts: tidepool-org/uploader, oneTouchVerioBLE (BSD). A frame is 01, 02, length, 00, 03, payload,
03, crc16; a single 81 acknowledges. Answers begin with 06. Four octets more are the number of the
newest record, or above 100,000 the time, two are how many there are, eleven are a record: seconds
since 1999-12-31 23:59:59 of the meter's wall clock, mg/dL, control flag.
"""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.codecs.findings import Finding, absence, flags, plausibility, value, worst
from device_profiles.codecs.glucose_reading import WINDOW
from device_profiles.codes import GLUCOSE_CAPILLARY_PLASMA, GLUCOSE_CONTROL, MG_DL
from device_profiles.errors import DecodeError
from device_profiles.profile import Advertised, Group, Profile, Sieve
from device_profiles.reading import Absent, DeviceTime, Indication, Kind, Reading, Validity
from device_profiles.talk import Owner, Said, SetClock, Talk, Write
from device_profiles.vendor.octets import crc16_ccitt

SERVICE: Final = "af9df7a1-e595-11e3-96b4-0002a5d5c51b"
COMMAND: Final = "af9df7a2-e595-11e3-96b4-0002a5d5c51b"
ANSWER: Final = "af9df7a3-e595-11e3-96b4-0002a5d5c51b"
ACKNOWLEDGE: Final = b"\x81"
DONE: Final = 0x06
NEWEST, COUNT, RECORD = 5, 3, 12  # lengths of the answers; the time is as long as the newest
# The answer to a new time is an acknowledgement, and may be a frame too: neither is waited for.
AFTER_SETTING_S: Final = 1.0
ASK_TIME: Final = bytes.fromhex("2002")
SET_TIME: Final = bytes.fromhex("2001")
A_TIME: Final = 100_000  # no meter keeps as many records
ASK_NEWEST: Final = bytes.fromhex("0a0206")
ASK_COUNT: Final = bytes.fromhex("2700")
ASK_RECORD: Final = 0xB3
EPOCH: Final = datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)
# A record takes about 0.3 s; what is older than the newest fifty was read in an earlier session.
MOST: Final = 50


def _frame(payload: bytes) -> bytes:
    body = bytes((0x02, len(payload) + 7, 0x00, 0x03)) + payload + b"\x03"
    return b"\x01" + body + crc16_ccitt(body).to_bytes(2, "little")


def _payload(octets: bytes) -> bytes:
    """Return what an answer says. Raises DecodeError for what is no whole answer."""
    if len(octets) < 9 or octets[1] != 0x02 or octets[2] != len(octets) - 1:
        raise DecodeError("an answer tells its own length")
    if int.from_bytes(octets[-2:], "little") != crc16_ccitt(octets[1:-2]):
        raise DecodeError("the checksum does not fit")
    payload = octets[5:-3]
    if payload[0] != DONE:
        raise DecodeError(f"the meter answers {payload[0]:#04x}")
    return payload


def _readings(group: Group) -> tuple[Reading, ...]:
    payload = _payload(group[0].octets)
    if len(payload) != RECORD:
        return ()  # a counter, or the time
    seconds, number, control = struct.unpack_from("<IHB", payload, 1)
    # The maker gives results as of plasma.
    term = GLUCOSE_CONTROL if control else GLUCOSE_CAPILLARY_PLASMA
    told = value(term, MG_DL, Decimal(number) if number else Absent.SENTINEL)
    found = absence(told, Validity.INVALID) + plausibility(told, WINDOW)
    if control:
        found.append(Finding("control_solution", Validity.CONTROL))
    reading = Reading(
        kind=Kind.GLUCOSE,
        values=(told,),
        validity=worst(found),
        octets=group,
        device_time=_time(seconds),
        flags=flags(found),
    )
    return (reading,)


def _time(seconds: int) -> DeviceTime:
    year, month, day, hour, minute, second = (EPOCH + timedelta(seconds=seconds)).timetuple()[:6]
    return DeviceTime(year=year, month=month, day=day, hour=hour, minute=minute, second=second)


def _clock(indication: Indication) -> DeviceTime | None:
    """Return the time that an answer tells."""
    try:
        payload = _payload(indication.octets)
    except DecodeError:
        return None
    told = int.from_bytes(payload[1:], "little")
    return _time(told) if len(payload) == NEWEST and told > A_TIME else None


def _set_time(local: datetime) -> bytes:
    seconds = (local.replace(tzinfo=UTC) - EPOCH) // timedelta(seconds=1)
    return _frame(SET_TIME + seconds.to_bytes(4, "little"))


class _Ask:
    """Time, newest record number, how many there are, then each from the newest back."""

    def __init__(self) -> None:
        self._next = self._last = 0

    def begin(self) -> Sequence[Said]:
        return (Write(COMMAND, _frame(ASK_TIME)),)

    def heard(self, indication: Indication) -> Sequence[Said]:
        if indication.octets == ACKNOWLEDGE:
            return ()
        acknowledged = Write(COMMAND, ACKNOWLEDGE)
        if _clock(indication) is not None:
            newest = Write(COMMAND, _frame(ASK_NEWEST), AFTER_SETTING_S)
            return (acknowledged, SetClock(COMMAND, _set_time), newest)
        try:
            payload = _payload(indication.octets)
        except DecodeError:
            return self._record()  # skip what the meter cannot give
        if len(payload) == 1:
            return ()  # done, with nothing to tell
        if len(payload) == NEWEST:
            self._next = int.from_bytes(payload[1:], "little")
            return (acknowledged, Write(COMMAND, _frame(ASK_COUNT)))
        if len(payload) == COUNT:
            count = min(int.from_bytes(payload[1:], "little"), MOST)
            self._last = self._next - count
        return (acknowledged, *self._record())

    def _record(self) -> Sequence[Said]:
        if self._next <= max(self._last, 0):
            return ()
        number = (self._next & 0xFFFF).to_bytes(2, "little")
        self._next -= 1
        return (Write(COMMAND, _frame(bytes((ASK_RECORD,)) + number)),)


class _Records:
    """Drops acknowledgements and counters."""

    def keeps(self, indication: Indication) -> bool:
        try:
            return len(_payload(indication.octets)) == RECORD
        except DecodeError:
            return len(indication.octets) > 1


def _talk(owner: Owner) -> Talk:  # noqa: ARG001
    return _Ask()


def _sieve() -> Sieve:
    return _Records()


PROFILE: Final = Profile(
    key="onetouch_verio",
    name="Glucose meter",
    match=Advertised(SERVICE),
    also=(Advertised(SERVICE, "OneTouch"),),
    read={ANSWER: _readings},
    subscribe=(ANSWER,),
    clock_told=_clock,
    talk=_talk,
    sieve=_sieve,
    about=About(
        maker="LifeScan",
        models="OneTouch Verio Flex, Verio Reflect",
        pairing=Pairing.PASSKEY,
        notes=(
            "Its clock is read before anything else, then set.",
            "Every session reads the newest fifty results; nothing is stored twice.",
        ),
        missing="results older than the newest fifty",
        evidence=Evidence.DOCUMENTATION,
    ),
)
