"""Collects heart rate notifications: a stretch of them makes one reading."""

from collections.abc import Sequence
from typing import Final

from device_profiles.codecs import heart_rate
from device_profiles.errors import DecodeError
from device_profiles.gatt import HEART_RATE_MEASUREMENT
from device_profiles.profile import Group
from device_profiles.reading import Indication

# Sensors notify about once a second, so this is a minute.
NOTIFICATIONS: Final = 60
# A notification full of RR intervals is long; a reading with all its octets must fit an envelope.
OCTETS: Final = 2400


class HeartRateStretch:
    """Holds notifications until they are a stretch. What cannot be decoded goes alone at once."""

    def __init__(self) -> None:
        self._waiting: list[Indication] = []

    def add(self, indication: Indication) -> Sequence[Group]:
        """Take one notification; return the stretch that it completes."""
        if not _readable(indication):
            return ((indication,),)
        self._waiting.append(indication)
        length = sum(len(one.octets) for one in self._waiting)
        if len(self._waiting) < NOTIFICATIONS and length < OCTETS:
            return ()
        return self.rest()

    def rest(self) -> Sequence[Group]:
        """Return the stretch that the end of the session cuts short."""
        waiting, self._waiting = self._waiting, []
        return (tuple(waiting),) if waiting else ()


def _readable(indication: Indication) -> bool:
    if indication.uuid != HEART_RATE_MEASUREMENT:
        return False
    try:
        heart_rate.decode(indication.octets)
    except DecodeError:
        return False
    return True
