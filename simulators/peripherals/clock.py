"""A device's own clock: it is wrong by some seconds until somebody sets it."""

import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from simulators.peripherals.gatt_table import (
    INVALID_LENGTH,
    VALUE_NOT_ALLOWED,
    WRITE_NOT_PERMITTED,
    AttError,
)
from simulators.peripherals.octets import NO_DATE, date_time

HALF_A_SECOND: Final = timedelta(milliseconds=500)
RESET: Final = datetime(2017, 1, 1)  # noqa: DTZ001 - where a clock begins after new batteries


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class DeviceClock:
    """Wall clock of the home plus an error."""

    def __init__(
        self,
        zone: ZoneInfo,
        error: timedelta,
        now: Callable[[], datetime] = utc_now,
        *,
        state: str = "runs",
        locked: bool = False,
    ) -> None:
        self._zone = zone
        self._now = now
        self._dateless = state == "year_0"
        self._locked = locked
        self.error = RESET - self.wall() if state == "reset" else error

    def stamp(self, home_time: datetime) -> datetime:
        """Return what the device writes for a moment of the home's wall clock.

        To the nearest second: a clock that was set a few milliseconds late must not put a
        measurement of 08:00:00 at 07:59:59, or a repeated run would say other octets.
        """
        return self._shown((home_time + self.error + HALF_A_SECOND).replace(microsecond=0))

    def read(self) -> bytes:
        """Return Current Time (2A2B): Date Time, day of week, 1/256 s, adjust reason 0."""
        shown = self._shown(self.wall() + self.error)
        fraction = shown.microsecond * 256 // 1_000_000
        weekday = 0 if self._dateless else shown.isoweekday()
        return date_time(shown) + struct.pack("<BBB", weekday, fraction, 0)

    def write(self, octets: bytes) -> None:
        """Take a written Current Time over."""
        if self._locked:
            raise AttError(WRITE_NOT_PERMITTED)
        if len(octets) != 10:
            raise AttError(INVALID_LENGTH)
        year, month, day, hour, minute, second = struct.unpack_from("<HBBBBB", octets)
        try:
            told = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - wall clock
        except ValueError as error:
            raise AttError(VALUE_NOT_ALLOWED) from error
        told += timedelta(seconds=octets[8] / 256)
        self.error, self._dateless = told - self.wall(), False

    def _shown(self, stamp: datetime) -> datetime:
        """Take the date away where the device has none."""
        return datetime.combine(NO_DATE, stamp.time()) if self._dateless else stamp

    def wall(self) -> datetime:
        """Return the true wall time of the home."""
        return self._now().astimezone(self._zone).replace(tzinfo=None)
