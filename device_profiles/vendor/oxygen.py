"""Oximeters that stream: from frames to one reading per finger, or per minute of a long one.

A stream says the same many times a second, and its first numbers are a guess. So:

- frames without a value are dropped, but the first after a value is kept: it ends the episode;
- a reading is made at that end, after MINUTE frames of a finger that stays, or at the hang-up;
- its numbers are the lower medians of the last SETTLED frames: numbers that the device showed;
- fewer frames than SETTLED make it questionable, and a single frame is no reading.

These rules are the project's own judgement (J). Frames come about once a second; a profile whose
device sends more keeps every nth only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from device_profiles.codecs.findings import (
    PULSE_WINDOW,
    Finding,
    absence,
    flags,
    lower_median,
    plausibility,
    value,
    worst,
)
from device_profiles.codecs.plx import SPO2_WINDOW
from device_profiles.codes import PER_MINUTE, PERCENT, PULSE_OXIMETER, SPO2
from device_profiles.errors import DecodeError
from device_profiles.profile import Assembly, Group, Read, Sieve
from device_profiles.reading import Absent, Indication, Kind, Reading, Validity

SETTLED: Final = 8
MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Frame:
    """What one frame says; None where the device shows no number."""

    spo2: int | None
    pulse: int | None
    findings: tuple[Finding, ...] = ()


# None for what is no frame: a curve, the rest of a frame. Raises DecodeError.
Decode = Callable[[bytes], Frame | None]
NOTHING: Final = Frame(None, None)


def _frame(decode: Decode, indication: Indication) -> Frame | None:
    """Return a frame; what cannot be decoded counts as one without a value."""
    try:
        return decode(indication.octets)
    except DecodeError:
        return NOTHING


class Worn:
    """Keeps frames with a value, and the first without one; every nth of them."""

    def __init__(self, decode: Decode, every: int = 1) -> None:
        self._decode, self._every = decode, every
        self._worn, self._count = False, 0

    def keeps(self, indication: Indication) -> bool:
        """Say whether this frame is kept."""
        frame = _frame(self._decode, indication)
        if frame is None:
            return False
        was, self._worn = self._worn, frame.spo2 is not None
        if not self._worn:
            self._count = 0
            return was
        self._count += 1
        return self._count % self._every == 1 % self._every


class Episodes:
    """Groups the frames of one finger. The last frame with a value comes first."""

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        self._open: list[Indication] = []

    def add(self, indication: Indication) -> Sequence[Group]:
        """Take a frame; return the episode that it ends."""
        self._open.append(indication)
        frame = _frame(self._decode, indication)
        off = frame is not None and frame.spo2 is None
        return self.rest() if off or len(self._open) == MINUTE else ()

    def rest(self) -> Sequence[Group]:
        """Return the episode that the hang-up ends."""
        group, self._open = self._open, []
        for at in range(len(group) - 1, -1, -1):
            frame = _frame(self._decode, group[at])
            if frame is not None and frame.spo2 is not None:
                return ((group[at], *group[:at], *group[at + 1 :]),)
        return (tuple(group),) if group else ()


def streaming(
    decode: Decode, every: int = 1
) -> tuple[Read, Callable[[], Assembly], Callable[[], Sieve]]:
    """Return how a stream of such frames is read, grouped and thinned."""

    def read(group: Group) -> tuple[Reading, ...]:
        first, *others = group
        newest = decode(first.octets)
        told = [_frame(decode, one) for one in others]
        frames = [frame for frame in told if frame is not None and frame.spo2 is not None]
        if newest is None or newest.spo2 is None or not frames:
            return ()
        return (_reading(group, [*frames, newest]),)

    return read, lambda: Episodes(decode), lambda: Worn(decode, every)


def _reading(group: Group, frames: list[Frame]) -> Reading:
    last = frames[-SETTLED:]
    found = [finding for frame in last for finding in frame.findings]
    if len(frames) < SETTLED:
        found.append(Finding("not_settled", Validity.QUESTIONABLE))
    oxygen = lower_median([frame.spo2 for frame in last if frame.spo2 is not None])
    pulses = [frame.pulse for frame in last if frame.pulse is not None]
    return spot(group, oxygen, lower_median(pulses) if pulses else None, found)


def spot(
    group: Group, oxygen: int | None, pulse_rate: int | None, findings: Sequence[Finding] = ()
) -> Reading:
    """Return the reading with these numbers, judged as every oximeter's."""
    spo2 = value(SPO2, PERCENT, _amount(oxygen))
    pulse = value(PULSE_OXIMETER, PER_MINUTE, _amount(pulse_rate))
    found = [*findings, *absence(spo2, Validity.INVALID), *plausibility(spo2, SPO2_WINDOW)]
    found += absence(pulse, Validity.QUESTIONABLE) + plausibility(pulse, PULSE_WINDOW)
    return Reading(
        kind=Kind.OXYGEN,
        values=(spo2, pulse),
        validity=worst(found),
        octets=group,
        flags=flags(found),
    )


def _amount(number: int | None) -> Decimal | Absent:
    return Absent.SENTINEL if number is None else Decimal(number)
