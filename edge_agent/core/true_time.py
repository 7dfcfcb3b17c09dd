"""Puts the hub's own times right once its clock is synchronised: its monotonic clock never jumps.

A hub without a battery-backed clock starts in the past. What it notes until the network tells the
time is wrong by an unknown amount, but the seconds since are known as long as it runs.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from device_profiles.timeline import ClockCheck
from device_profiles.wire.body import Arrival


@dataclass(frozen=True, slots=True)
class Anchor:
    """A moment whose time is right, on both of the hub's clocks."""

    wall: datetime
    monotonic: float

    def at(self, monotonic: float) -> datetime:
        """Return the true time of a moment of the monotonic clock."""
        return (self.wall + timedelta(seconds=monotonic - self.monotonic)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Checked:
    """The look at a device's clock, and when and how well the hub knew the time then."""

    check: ClockCheck
    monotonic: float
    hub_clock_ok: bool

    def put_right(self, anchor: Anchor) -> ClockCheck:
        """Return the check with the true time of the hub."""
        if self.hub_clock_ok:
            return self.check
        return self.check.model_copy(update={"hub_time": anchor.at(self.monotonic)})


def put_right(arrival: Arrival, monotonic: float, anchor: Anchor) -> Arrival:
    """Return an arrival with its true time."""
    if arrival.hub_clock_ok:
        return arrival
    true = {"received_at": anchor.at(monotonic), "hub_clock_ok": True}
    return arrival.model_copy(update=true)
