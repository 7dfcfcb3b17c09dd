"""Makes a transaction one of the app role: it sees the rows of one organisation, and no others.

The same queries serve both roles. For the app role `reading`, `reading_value` and `identity` are
the views of schema app, which show one organisation; everything else is row security's.
"""

from typing import Final
from uuid import UUID

from psycopg import sql

from gateway.storage.database import Connection

# Of this transaction only: what comes next on a connection of a pool begins anew. By SET, for no
# expression can say it: the app role may not call set_config(). Of temporary tables none stands
# before ours, whoever had the connection before.
ROLE: Final = "SET LOCAL ROLE hearthline_app"
ORGANISATION: Final = sql.SQL("SET LOCAL app.org = {}")
PLACE: Final = sql.SQL("SET LOCAL app.org = {}; SET LOCAL search_path = app, public, pg_temp")


def as_app(connection: Connection, organisation: UUID) -> Connection:
    """Give up the gateway's own rights until the end of the transaction."""
    connection.execute(ROLE)
    place(connection, organisation)
    return connection


def place(connection: Connection, organisation: UUID) -> None:
    """Name the organisation whose rows are seen, and where tables are looked for."""
    connection.execute(PLACE.format(sql.Literal(str(organisation))))


def go_over_to(connection: Connection, organisation: UUID) -> None:
    """Name another one, within a transaction that began with none."""
    connection.execute(ORGANISATION.format(sql.Literal(str(organisation))))
