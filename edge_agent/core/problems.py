"""When a device's clock is a problem that somebody must put right."""

from typing import Final

from device_profiles.problems import DeviceProblem
from device_profiles.timeline import ClockCheck

# A clock that is wrong by more than this was reset, and did not only drift.
DRIFT_S: Final = 24 * 3600.0


def clock_problem(check: ClockCheck | None, error_s: float | None, *, was_set: bool) -> str | None:
    """Say what is wrong with a device's clock that the hub could not put right."""
    if check is None or was_set:
        return None
    if error_s is None:
        return DeviceProblem.CLOCK_UNSET
    return DeviceProblem.CLOCK_WRONG if abs(error_s) > DRIFT_S else None
