"""When was it measured? A device's wall clock corrected by what the hub saw of that clock.

The cases are HL7 PHD's (Personal Health Device implementation guide 2.0). The device clock is
read before it is set.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from device_profiles.reading import DeviceTime, Frozen, Reading

# A clock that could not be read is believed for readings of the last day only (J).
UNVERIFIED_WITHIN: Final = timedelta(hours=24)
# Sessions take a minute; a reading "measured" later than this after its arrival has a wrong clock.
FUTURE_WITHIN: Final = timedelta(minutes=5)
# Flags of a reading whose device says itself that its time is wrong, or counts from an unknown one.
UNTRUSTED: Final = frozenset({"time_fault", "time_offset_impossible", "session_start_unknown"})
# Device clocks count whole seconds, and are set to one.
WHOLE_SECONDS: Final = timedelta(seconds=2)


class Basis(StrEnum):
    """What a corrected time rests on."""

    RECEPTION = "reception"
    DEVICE_CLOCK = "device_clock"
    CLOCK_UNVERIFIED = "clock_unverified"
    NO_TRUE_TIME = "no_true_time"


class ClockCheck(Frozen):
    """The coincident time stamp: what the device's clock said at a moment of the hub's clock.

    `set_at` is when the hub then set that clock: what is measured later in the same connection
    carries the new time, what was stored before carries the old one.
    """

    hub_time: AwareDatetime
    device_time: DeviceTime
    set_at: AwareDatetime | None = None


class Moment(Frozen):
    """A corrected time in UTC and what it rests on; `at` is None where no true time exists."""

    at: datetime | None
    basis: Basis


def taken(reading: Reading, check: ClockCheck | None, received: datetime, zone: ZoneInfo) -> Moment:
    """Return when a reading was taken, in UTC, unless its device says that its time is wrong."""
    if UNTRUSTED.intersection(reading.flags):
        return Moment(at=None, basis=Basis.NO_TRUE_TIME)
    return correct(reading.device_time, check, received, zone)


def correct(
    device_time: DeviceTime | None, check: ClockCheck | None, received: datetime, zone: ZoneInfo
) -> Moment:
    """Return what a device time means, in UTC.

    `received` and the check's hub time carry a zone; `zone` is the home's, used only where the
    device clock could not be read.
    """
    if device_time is None:
        return Moment(at=received, basis=Basis.RECEPTION)
    told = device_time.wall()
    if told is None:
        return Moment(at=None, basis=Basis.NO_TRUE_TIME)
    if check is not None and (fresh := _since_set(told, check, received, zone)):
        return Moment(at=fresh, basis=Basis.DEVICE_CLOCK)
    shown = check.device_time.wall() if check else None
    if check is not None and shown is not None:
        at = _shift(check.hub_time, told - shown)
        return _current(at, Basis.DEVICE_CLOCK, received)
    at = _in_zone(told, zone)
    if at is not None and received - at > UNVERIFIED_WITHIN:
        return Moment(at=None, basis=Basis.NO_TRUE_TIME)
    return _current(at, Basis.CLOCK_UNVERIFIED, received)


def _since_set(
    told: datetime, check: ClockCheck, received: datetime, zone: ZoneInfo
) -> datetime | None:
    """Return the time of a measurement taken after the clock was set, if it is one.

    Its stamp, read on the new timeline, lies between the setting and its arrival.
    """
    if check.set_at is None or received < check.set_at:
        return None
    # Both readings of a wall time in the hour that the clocks repeat in autumn.
    for at in (_in_zone(told, zone), _in_zone(told.replace(fold=1), zone)):
        if at and check.set_at - WHOLE_SECONDS <= at <= received + WHOLE_SECONDS:
            return at
    return None


def _in_zone(told: datetime, zone: ZoneInfo) -> datetime | None:
    """Read a wall time in a zone; the earlier one of an hour that the clocks repeat."""
    try:
        return told.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return None


def _shift(hub_time: datetime, difference: timedelta) -> datetime | None:
    try:
        return hub_time.astimezone(UTC) + difference
    except OverflowError:
        return None


def _current(at: datetime | None, basis: Basis, received: datetime) -> Moment:
    """A time after its own reception lies on a timeline that the clock has left since."""
    if at is None or at - received > FUTURE_WITHIN:
        return Moment(at=None, basis=Basis.NO_TRUE_TIME)
    return Moment(at=at, basis=basis)
