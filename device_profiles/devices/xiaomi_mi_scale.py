"""Xiaomi Mi Body Composition Scale (MIBCS, MIBFS): a layout of its own in the standard's 0x2A9C.

Facts: Stack Overflow 59118489 and 68571845 (owners' octets and what the scale showed),
wiecosystem/Bluetooth (bits, clock), lolouk44/xiaomi_mi_scale (what an impedance is). 13 octets: two
of flags, Date Time, impedance, weight. It tells many times a second what it feels; the frames of
one person that say "settled" tell the same weight, first without and then with the impedance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.codecs import date_time
from device_profiles.codecs.findings import flags, plausibility, value, worst
from device_profiles.codecs.octets import Octets
from device_profiles.codecs.scale_reading import KG_PER_POUND, WEIGHT_WINDOW
from device_profiles.codes import IMPEDANCE, KG, OHM, POUND, WEIGHT
from device_profiles.errors import DecodeError
from device_profiles.gatt import (
    BODY_COMPOSITION_MEASUREMENT,
    BODY_COMPOSITION_SERVICE,
    CURRENT_TIME,
)
from device_profiles.profile import Advertised, Group, Profile
from device_profiles.reading import DeviceTime, Indication, Kind, Reading

_POUNDS, _IMPEDANCE, _SETTLED = 1 << 0, 1 << 9, 1 << 13
# A Chinese jin is half a kilogram, counted in hundredths: the same steps as of a kilogram.
_KG: Final = Decimal("0.005")
_POUND: Final = Decimal("0.01")
_NO_IMPEDANCE: Final = 3000  # from here on it stands for none, whatever the flag says
_MOST: Final = 60  # frames of one reading


@dataclass(frozen=True, slots=True)
class _Frame:
    settled: bool
    unit: str
    weight: Decimal
    timestamp: DeviceTime
    impedance: int | None


def _decode(octets: bytes) -> _Frame:
    rest = Octets(octets)
    said = rest.unsigned(2, "the flags")
    timestamp = date_time.take(rest, "the time stamp")
    impedance = rest.unsigned(2, "the impedance")
    steps = rest.unsigned(2, "the weight")
    rest.end()
    measured = said & _IMPEDANCE and 0 < impedance < _NO_IMPEDANCE
    return _Frame(
        settled=bool(said & _SETTLED),
        unit=POUND if said & _POUNDS else KG,
        weight=steps * (_POUND if said & _POUNDS else _KG),
        timestamp=timestamp,
        impedance=impedance if measured else None,
    )


def _settled(indication: Indication) -> _Frame | None:
    try:
        frame = _decode(indication.octets)
    except DecodeError:
        return None
    return frame if frame.settled else None


class _Weighings:
    """Groups the frames of one person. The last settled one, with impedance if any, is first."""

    def __init__(self) -> None:
        self._open: list[Indication] = []
        self._best: tuple[bool, int] | None = None

    def add(self, indication: Indication) -> Sequence[Group]:
        """Take a frame; the first that is unsettled again is somebody else's."""
        frame = _settled(indication)
        ended = len(self._open) == _MOST or (frame is None and self._best is not None)
        done = self.rest() if ended else ()
        if frame is not None:
            rank = (frame.impedance is not None, len(self._open))
            self._best = max(self._best or rank, rank)
        self._open.append(indication)
        return done

    def rest(self) -> Sequence[Group]:
        """Return what the hang-up ends."""
        group, self._open = self._open, []
        best, self._best = self._best, None
        if best is not None:
            group.insert(0, group.pop(best[1]))
        return (tuple(group),) if group else ()


def _readings(group: Group) -> tuple[Reading, ...]:
    frame = _decode(group[0].octets)
    if not frame.settled:
        return ()
    weight = value(WEIGHT, frame.unit, frame.weight)
    body = () if frame.impedance is None else (value(IMPEDANCE, OHM, Decimal(frame.impedance)),)
    factor = KG_PER_POUND if frame.unit == POUND else Decimal(1)
    found = plausibility(weight, WEIGHT_WINDOW, factor)
    reading = Reading(
        kind=Kind.BODY_COMPOSITION if body else Kind.WEIGHT,
        values=(weight, *body),
        validity=worst(found),
        octets=group,
        device_time=frame.timestamp,
        flags=flags(found),
    )
    return (reading,)


PROFILE: Final = Profile(
    key="xiaomi_mi_scale",
    name="Body scale",
    match=Advertised(BODY_COMPOSITION_SERVICE, "MIBFS"),
    also=(Advertised(BODY_COMPOSITION_SERVICE, "MIBCS"),),
    read={BODY_COMPOSITION_MEASUREMENT: _readings},
    subscribe=(BODY_COMPOSITION_MEASUREMENT,),
    clock=CURRENT_TIME,
    assemble=_Weighings,
    reads_rest=True,
    about=About(
        maker="Xiaomi",
        models="Mi Body Composition Scale, Mi Body Composition Scale 2",
        pairing=Pairing.NONE,
        notes=(
            "Weight and impedance; body fat is the maker's app's own calculation.",
            "Knows no users: it is right for a person who lives alone.",
        ),
        missing="what it stored while no hub was near, what it advertises without a connection",
        evidence=Evidence.CAPTURE,
    ),
)
