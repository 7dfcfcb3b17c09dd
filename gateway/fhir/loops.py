"""The loops of the facade beside the worker: what is written and told in the background.

Where nobody exports or subscribes, the worker loads none of it.
"""

import threading
from datetime import datetime
from typing import Final

from gateway.fhir.turns import Turns
from gateway.life import Loop
from gateway.settings import Settings
from gateway.storage.database import Connection, Database

# Nobody tells: the loops look at the clock.
EXPORTS: Final = "fhir_export"
SUBSCRIPTIONS: Final = "fhir_subscription"
DUE: Final = {
    table: f"SELECT EXISTS (SELECT FROM {table} WHERE next_action_at <= %s) AS due"  # noqa: S608
    for table in (EXPORTS, SUBSCRIPTIONS)
}


def fhir_loops(settings: Settings, database: Database, stop: threading.Event) -> list[Loop]:
    """Return them. Each by itself: a long export holds up nobody who waits to be told."""
    exports, tellings = Turns(), Turns()

    def export(connection: Connection, now: datetime) -> int:
        if not _due(connection, EXPORTS, now):
            return 0
        from gateway.fhir.export import Exports

        leaves_mb = settings.fhir_export_leaves_mb
        return Exports(settings.home, database, leaves_mb, exports).look(connection, now)

    def tell(connection: Connection, now: datetime) -> int:
        if not _due(connection, SUBSCRIPTIONS, now):
            return 0
        from gateway.fhir.hook import Hook
        from gateway.fhir.tell import Teller

        hook = Hook(settings.fhir_private_endpoints)
        return Teller(settings.keys, hook, tellings).look(connection, now)

    return [
        Loop(database, stop, export, EXPORTS),
        Loop(database, stop, tell, SUBSCRIPTIONS),
    ]


def _due(connection: Connection, table: str, now: datetime) -> bool:
    row = connection.execute(DUE[table], [now]).fetchone()
    return bool(row and row["due"])
