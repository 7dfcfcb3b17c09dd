"""When sealing keys are to be changed, and when an old one may go. No IO, time is an argument."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from device_profiles.wire.hub_file import RecipientRecord
from device_profiles.wire.key_record import SignedRecord
from device_profiles.wire.keys import Suite

ROTATE_EVERY: Final = timedelta(days=90)
# After the switch, whatever the hubs have told: a card may lie in a drawer.
KEPT_AFTER_SWITCH: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Standing:
    """A key, and the newer ones of its suite, which hubs choose before it."""

    record: SignedRecord
    newer: tuple[SignedRecord, ...]

    @property
    def switch(self) -> datetime | None:
        """Return since when hubs may choose another key."""
        return min((one.not_before for one in self.newer), default=None)

    @property
    def rotate_by(self) -> datetime:
        """Return when this key has served long enough."""
        return self.record.not_before + ROTATE_EVERY

    @property
    def destroy_from(self) -> datetime | None:
        """Return the first day on which this key may go, if nothing else needs it."""
        return None if self.switch is None else self.switch + KEPT_AFTER_SWITCH


def standings(records: Sequence[SignedRecord]) -> list[Standing]:
    """Return each key with those that came after it."""
    return [
        Standing(
            one,
            tuple(
                other
                for other in records
                if other.suite is one.suite and other.not_before > one.not_before
            ),
        )
        for one in records
    ]


@dataclass(frozen=True, slots=True)
class Overdue:
    """A suite whose newest key has served for longer than it should."""

    suite: Suite
    since: datetime


def overdue(records: Sequence[RecipientRecord], now: datetime) -> list[Overdue]:
    """Return the suites in which nobody has changed the key in time."""
    newest = {one.suite: one for one in sorted(records, key=lambda one: one.not_before)}
    due = [Overdue(one.suite, one.not_before + ROTATE_EVERY) for one in newest.values()]
    return [one for one in due if now >= one.since]
