"""Joins each glucose record with the context that follows it, by sequence number."""

from collections.abc import Sequence
from typing import Final

from device_profiles.codecs import glucose, glucose_context
from device_profiles.errors import DecodeError
from device_profiles.gatt import GLUCOSE_CONTEXT, GLUCOSE_MEASUREMENT, Uuid
from device_profiles.profile import Group
from device_profiles.reading import Indication

_PARTNER: Final = {
    GLUCOSE_MEASUREMENT: GLUCOSE_CONTEXT,
    GLUCOSE_CONTEXT: GLUCOSE_MEASUREMENT,
}


class GlucoseRecords:
    """Holds a record that announces a context until the context comes, and the other way round.

    What cannot be decoded is a group of its own at once, so that it spoils no other.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, Indication]] = []

    def add(self, indication: Indication) -> Sequence[Group]:
        """Take one indication; return the group that it completes."""
        try:
            seq, waits = _place(indication)
        except DecodeError:
            return ((indication,),)
        if not waits:
            return ((indication,),)
        partner = self._take(seq, _PARTNER[indication.uuid])
        if partner is None:
            self._waiting.append((seq, indication))
            return ()
        if indication.uuid == GLUCOSE_MEASUREMENT:
            return ((indication, partner),)
        return ((partner, indication),)

    def rest(self) -> Sequence[Group]:
        """Return what found no partner, in the order of arrival."""
        waiting, self._waiting = self._waiting, []
        return tuple((indication,) for _, indication in waiting)

    def _take(self, seq: int, uuid: Uuid) -> Indication | None:
        """The newest wins: sequence numbers restart, and a context follows its own record."""
        for at in range(len(self._waiting) - 1, -1, -1):
            if self._waiting[at][0] == seq and self._waiting[at][1].uuid == uuid:
                return self._waiting.pop(at)[1]
        return None


def _place(indication: Indication) -> tuple[int, bool]:
    """Return the sequence number, and whether a partner belongs to it."""
    if indication.uuid == GLUCOSE_MEASUREMENT:
        measured = glucose.decode(indication.octets)
        return measured.seq, measured.context_follows
    if indication.uuid == GLUCOSE_CONTEXT:
        return glucose_context.decode(indication.octets).seq, True
    return 0, False
