"""Makes a transaction one of the app role: it sees the rows of one organisation, and no others.

The same queries serve both roles. For the app role `reading`, `reading_value` and `identity` are
the views of schema app, which show one organisation; everything else is row security's.
"""

from typing import Final
from uuid import UUID

from gateway.storage.database import Connection

# Of this transaction only: what comes next on a connection of a pool begins anew.
ROLE: Final = "SET LOCAL ROLE hearthline_app"
PLACE: Final = """
SELECT set_config('app.org', %s, true), set_config('search_path', 'app, public', true)"""


def as_app(connection: Connection, organisation: UUID) -> Connection:
    """Give up the gateway's own rights until the end of the transaction."""
    connection.execute(ROLE)
    connection.execute(PLACE, [str(organisation)])
    return connection
