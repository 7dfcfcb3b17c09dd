"""When the session of a sensor without a clock began; it is told the time if nobody has."""

from dataclasses import dataclass

from device_profiles.errors import DecodeError
from device_profiles.profile import Profile, SessionForm
from device_profiles.reading import Indication
from device_profiles.timeline import ClockCheck
from edge_agent.errors import DeviceRefused
from edge_agent.logs import log
from edge_agent.ports import Link
from edge_agent.radio.home import Home


@dataclass(frozen=True, slots=True)
class Begun:
    """The start as it was told, the minutes since, and what the device thinks the time is."""

    start: Indication
    minutes: int
    check: ClockCheck | None


async def read_start(link: Link, profile: Profile, home: Home, *, may_set: bool) -> Begun | None:
    """Return when the session began, or None where it cannot be read."""
    form = profile.session
    if form is None or not link.has(form.START) or not link.has(form.COUNT):
        return None
    try:
        start = await _start(link, form, home, may_set=may_set)
        minutes = form.count(await link.read(form.COUNT))
        now = home.clock.now()
        shown = form.shown(start, minutes, now.astimezone(home.zone))
    except (DeviceRefused, DecodeError) as error:
        log.warning("session_start_unread", profile=profile.key, error=type(error).__name__)
        return None
    check = None if shown is None else ClockCheck(hub_time=now, device_time=shown)
    return Begun(Indication(uuid=form.START, octets=start), minutes, check)


async def _start(link: Link, form: SessionForm, home: Home, *, may_set: bool) -> bytes:
    """Read the start; where it is unknown, tell the time, and read what the device makes of it."""
    start = await link.read(form.START)
    if form.is_set(start) or not may_set:
        return start
    await link.write(form.START, form.setting(start, home.clock.now().astimezone(home.zone)))
    return await link.read(form.START)
