"""What operators of a site must hear: sealing keys that have served for too long.

It concerns no patient, so it is no task. The worker logs it as an error once a day, and what
operators run on the command line says it on standard error.
"""

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from gateway.errors import WrongInput
from gateway.identity.keys_due import Overdue, overdue
from gateway.identity.public import read_public
from gateway.settings import Settings
from gateway.storage.database import Connection

AGAIN: Final = timedelta(days=1)

log = structlog.get_logger()


class Alarm:
    """Tells it at the first look, and once a day for as long as it is so."""

    def __init__(self, keys: Path) -> None:
        self._keys = keys
        self._told_at: datetime | None = None

    def look(self, _: Connection, now: datetime) -> int:
        """Tell what is overdue, where that was not told lately; return how many keys."""
        if self._told_at is not None and now - self._told_at < AGAIN:
            return 0
        found = overdue_keys(self._keys, now)
        for one in found:
            days = (now - one.since).days
            log.error("sealing_key_overdue", suite=int(one.suite), days=days, do="keys rotate")
        self._told_at = now if found else None
        return len(found)


def remind(settings: Settings, now: datetime) -> None:
    """Say it to whoever gives a command."""
    for one in overdue_keys(settings.keys, now):
        print(
            f"hearthline-gateway: The sealing key of suite {one.suite:d} was to be changed by "
            f"{one.since:%Y-%m-%d}. Run `hearthline-gateway keys rotate`.",
            file=sys.stderr,
        )


def overdue_keys(keys: Path, now: datetime) -> Sequence[Overdue]:
    """Return what is overdue, by the site's public keys; nothing where they are elsewhere."""
    try:
        return overdue(read_public(keys).recipients, now)
    except (WrongInput, OSError):
        return ()
