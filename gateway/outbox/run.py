"""The couriers of a site, each in a loop of its own: a slow far side holds up no other.

Whatever is wrong with connectors.toml, the worker evaluates readings: no far side is served until
the file is mended, and that is said.
"""

import threading
from typing import Final

from gateway.life import Loop
from gateway.outbox.courier import Courier
from gateway.outbox.file import FILE, Entry, read_connectors
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.outbox import not_served, register
from gateway.when_right import AGAIN_S, WhenRight
from gateway.worker import POLL_S

OUTBOX: Final = "outbox"
NOT_SERVED: Final = "far_sides_not_served"
SOONEST_S: Final = 0.05


def far_sides(
    settings: Settings, database: Database, stop: threading.Event, again_s: float = AGAIN_S
) -> WhenRight:
    """Return what serves the far sides of the site's connectors.toml as soon as it is right."""
    file = settings.home / FILE

    def loops() -> list[Loop]:
        entries = read_connectors(file)
        with database.transaction() as connection:
            register(connection, [entry.row() for entry in entries])
        return [_loop(entry, settings, database, stop) for entry in entries]

    def mark() -> None:
        with database.transaction() as connection:
            not_served(connection)

    return WhenRight(file, NOT_SERVED, loops, stop, mark, again_s)


def _loop(entry: Entry, settings: Settings, database: Database, stop: threading.Event) -> Loop:
    courier = Courier(entry, settings.console_origin)
    poll_s = min(POLL_S, max(SOONEST_S, entry.pause.total_seconds()))
    return Loop(database, stop, courier.look, OUTBOX, poll_s=poll_s)
