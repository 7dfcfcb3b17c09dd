"""Connections of the console: pools of the two roles that own nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from gateway.errors import StorageUnavailable
from gateway.storage.as_app import place
from gateway.storage.database import Connection, Database, database_errors

APP: Final = "hearthline_app"
ACCESS: Final = "hearthline_access"
MOST: Final = 12
WAIT_S: Final = 20.0
# A page that takes longer is a mistake; it shall not keep rows or a connection for ever.
LIMITS: Final = (
    "-c TimeZone=UTC -c statement_timeout=20s -c idle_in_transaction_session_timeout=60s"
)
NOBODY: Final = UUID(int=0)

Pool = ConnectionPool[Connection]


@dataclass(frozen=True, slots=True)
class Pools:
    """One for what people ask for, one for who they are."""

    app: Pool
    access: Pool

    def open(self) -> None:
        """Connect, in the background: a database that is away is waited for by each request."""
        self.app.open()
        self.access.open()

    def close(self) -> None:
        """Close all connections."""
        self.app.close()
        self.access.close()

    def listen(self) -> Connection:
        """Open a connection that stays, for notifications: it sees the rows of nobody."""
        with database_errors():
            options = cast("dict[str, Any]", self.app.kwargs)
            return psycopg.connect(str(self.app.conninfo), autocommit=True, **options)

    @contextmanager
    def of_organisation(self, organisation: UUID) -> Iterator[Connection]:
        """Open a transaction as hearthline_app that sees this organisation's rows."""
        with _transaction(self.app, organisation) as connection:
            yield connection

    @contextmanager
    def of_access(self, organisation: UUID = NOBODY) -> Iterator[Connection]:
        """Open a transaction as hearthline_access: who signs in, and what they may."""
        with _transaction(self.access, organisation) as connection:
            yield connection


@contextmanager
def _transaction(pool: Pool, organisation: UUID) -> Iterator[Connection]:
    with database_errors():
        try:
            connection = pool.getconn()
        except PoolTimeout:
            raise StorageUnavailable from None
        try:
            with connection:
                place(connection, organisation)
                yield connection
        finally:
            pool.putconn(connection)


def pools(database: Database, app_url: str | None, access_url: str | None) -> Pools:
    """Return closed pools; where a role has no URL of its own, the owner's rights are put down."""
    return Pools(_pool(database, APP, app_url), _pool(database, ACCESS, access_url))


def _pool(database: Database, role: str, url: str | None) -> Pool:
    options = LIMITS if url else f"{LIMITS} -c role={role}"
    return ConnectionPool(
        url or database.url,
        connection_class=Connection,
        kwargs={"row_factory": dict_row, "options": options},
        min_size=1,
        max_size=MOST,
        timeout=WAIT_S,
        open=False,
        name=role,
        check=ConnectionPool.check_connection,
    )


def let_sign_in(database: Database) -> dict[str, str]:
    """Let both roles connect by themselves to the embedded server; return their URLs.

    It listens in a folder that only its user can enter, and asks nobody for a password.
    """
    with database.transaction() as connection:
        for role in (APP, ACCESS):
            connection.execute(sql.SQL("ALTER ROLE {} LOGIN").format(sql.Identifier(role)))
    return {role: _url(database.url, role) for role in (APP, ACCESS)}


def _url(url: str, role: str) -> str:
    from urllib.parse import urlencode

    given = conninfo_to_dict(make_conninfo(url, user=role))
    return "postgresql:///?" + urlencode({key: value for key, value in given.items() if value})
