"""The device's clock: read before it is set, because its records carry the old time."""

from datetime import datetime

from device_profiles.codecs import current_time, date_time
from device_profiles.errors import DecodeError
from device_profiles.gatt import CURRENT_TIME
from device_profiles.profile import ClockForm, Profile
from device_profiles.timeline import ClockCheck
from edge_agent.errors import DeviceRefused
from edge_agent.logs import log
from edge_agent.ports import Link
from edge_agent.radio.home import Home


async def read_clock(link: Link, profile: Profile, home: Home) -> ClockCheck | None:
    """Return what the clock says now, or None where it cannot be read."""
    if profile.clock is None or not link.has(profile.clock):
        return None
    try:
        told = _form(profile).decode(await link.read(profile.clock))
    except (DeviceRefused, DecodeError) as error:
        log.warning("clock_unread", profile=profile.key, error=type(error).__name__)
        return None
    return ClockCheck(hub_time=home.clock.now(), device_time=told.timestamp)


async def set_clock(link: Link, profile: Profile, home: Home) -> datetime | None:
    """Set it to the wall time of the home; return when, or None where the device refuses."""
    if profile.clock is None or not profile.sets_clock or not link.has(profile.clock):
        return None
    now = home.clock.now()
    try:
        await link.write(profile.clock, _form(profile).encode(now.astimezone(home.zone)))
    except DeviceRefused as error:
        log.info("clock_not_set", profile=profile.key, error=type(error).__name__)
        return None
    return now


def _form(profile: Profile) -> ClockForm:
    if profile.clock_form is not None:
        return profile.clock_form
    return current_time if profile.clock == CURRENT_TIME else date_time


def error_s(check: ClockCheck | None, home: Home) -> float | None:
    """Return how far the device's clock is ahead of the home's wall time."""
    shown = check.device_time.wall() if check else None
    if check is None or shown is None:
        return None
    local = check.hub_time.astimezone(home.zone).replace(tzinfo=None)
    return round((shown - local).total_seconds(), 1)
