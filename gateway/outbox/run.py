"""The couriers of a site, each in a loop of its own: a slow far side holds up no other."""

import threading
from collections.abc import Sequence
from typing import Final

from gateway.life import Loop
from gateway.outbox.courier import Courier
from gateway.outbox.file import FILE, Entry, read_connectors
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.outbox import register
from gateway.worker import POLL_S

OUTBOX: Final = "outbox"
SOONEST_S: Final = 0.05


def connectors(settings: Settings) -> Sequence[Entry]:
    """Return the far sides of the site's connectors.toml. Raises WrongInput."""
    return read_connectors(settings.home / FILE)


def couriers(
    settings: Settings, entries: Sequence[Entry], database: Database, stop: threading.Event
) -> list[Loop]:
    """Make the database's far sides those of the file, and return their loops."""
    with database.transaction() as connection:
        register(connection, [entry.row() for entry in entries])
    return [
        Loop(
            database,
            stop,
            Courier(entry, settings.console_origin).look,
            OUTBOX,
            poll_s=min(POLL_S, max(SOONEST_S, entry.pause.total_seconds())),
        )
        for entry in entries
    ]
