"""Joins what one step on a scale gives: a weight, and a body composition in one packet or two."""

from collections.abc import Sequence
from dataclasses import dataclass

from device_profiles.codecs import body_composition, weight
from device_profiles.codecs.body_composition import BodyComposition
from device_profiles.codecs.medfloat import Amount
from device_profiles.codecs.weight import Weight
from device_profiles.errors import DecodeError
from device_profiles.gatt import BODY_COMPOSITION_MEASUREMENT, WEIGHT_MEASUREMENT
from device_profiles.profile import Group
from device_profiles.reading import DeviceTime, Indication


@dataclass(frozen=True, slots=True)
class _Part:
    """A weight, or a whole body composition, that may belong to another one."""

    group: Group
    said: Weight | BodyComposition

    @property
    def is_weight(self) -> bool:
        return isinstance(self.said, Weight)


class ScaleRecords:
    """Holds half a body composition until its other half comes.

    With `weight_waits`, a weight also waits for its body composition and the other way round: a
    body scale sends both. A plain scale's weight goes on at once. What cannot be decoded is a
    group of its own at once.
    """

    def __init__(self, *, weight_waits: bool = False) -> None:
        self._weight_waits = weight_waits
        self._half: tuple[Indication, BodyComposition] | None = None
        self._waiting: list[_Part] = []

    def add(self, indication: Indication) -> Sequence[Group]:
        """Take one indication; return the groups that it completes."""
        try:
            if indication.uuid == WEIGHT_MEASUREMENT:
                return self._part(_Part((indication,), weight.decode(indication.octets)))
            if indication.uuid == BODY_COMPOSITION_MEASUREMENT:
                return self._packet(indication, body_composition.decode(indication.octets))
        except DecodeError:
            pass
        return ((indication,),)

    def rest(self) -> Sequence[Group]:
        """Return what found no partner, in the order of arrival."""
        half, self._half = self._half, None
        waiting, self._waiting = self._waiting, []
        alone = ((half[0],),) if half else ()
        return (*(part.group for part in waiting), *alone)

    def _packet(self, indication: Indication, said: BodyComposition) -> Sequence[Group]:
        half, self._half = self._half, None
        if half is not None and body_composition.continues(half[1], said):
            whole = body_composition.joined(half[1], said)
            return self._part(_Part((half[0], indication), whole))
        alone: Sequence[Group] = ((half[0],),) if half else ()
        if said.multiple_packets:
            self._half = (indication, said)
            return alone
        return (*alone, *self._part(_Part((indication,), said)))

    def _part(self, part: _Part) -> Sequence[Group]:
        if not self._weight_waits:
            return (part.group,)
        partner = next((one for one in reversed(self._waiting) if _belong(one, part)), None)
        if partner is None:
            self._waiting.append(part)
            return ()
        self._waiting.remove(partner)
        first, second = (part, partner) if part.is_weight else (partner, part)
        return ((*first.group, *second.group),)


def _belong(one: _Part, other: _Part) -> bool:
    """A weight and a body composition belong together unless something that both say differs."""
    return one.is_weight != other.is_weight and all(
        _agree(mine, yours) for mine, yours in zip(_facts(one), _facts(other), strict=True)
    )


_Fact = DeviceTime | int | tuple[str, Amount] | None


def _facts(part: _Part) -> tuple[_Fact, ...]:
    said = part.said
    mass = None if said.weight is None else (said.unit, said.weight)
    return said.timestamp, said.user_id, mass


def _agree(mine: _Fact, yours: _Fact) -> bool:
    return mine is None or yours is None or mine == yours
