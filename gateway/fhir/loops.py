"""The loops of the facade beside the worker: what is written and told in the background."""

import threading
from datetime import datetime
from typing import Final

from gateway.life import Loop
from gateway.settings import Settings
from gateway.storage.database import Connection, Database

# Nobody tells: the loops look at the clock.
EXPORTS: Final = "fhir_export"
SUBSCRIPTIONS: Final = "fhir_subscription"


def fhir_loops(settings: Settings, database: Database, stop: threading.Event) -> list[Loop]:
    """Return them. What they need is loaded when there is the first look."""

    def export(connection: Connection, now: datetime) -> int:
        from gateway.fhir.export import Exports

        return Exports(settings.home, database).look(connection, now)

    def tell(connection: Connection, now: datetime) -> int:
        from gateway.fhir.hook import Hook
        from gateway.fhir.tell import Teller

        hook = Hook(settings.fhir_private_endpoints)
        return Teller(settings.keys, hook).look(connection, now)

    # Each by itself: a long export holds up nobody who waits to be told.
    return [
        Loop(database, stop, export, EXPORTS),
        Loop(database, stop, tell, SUBSCRIPTIONS),
    ]
