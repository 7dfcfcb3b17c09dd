"""Writes exports, beside the worker: a snapshot, row by row, into files that only we can read.

Memory stays flat: PostgreSQL keeps the result (a cursor of its own), the file what was read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from shutil import rmtree
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from psycopg.types.json import set_json_loads

from gateway.access.who import Who
from gateway.audit.append import append
from gateway.fhir.errors import NoRoom
from gateway.fhir.export_rows import NotWanted, Writer, new_file
from gateway.fhir.registry import RESOURCES
from gateway.fhir.room import need_room
from gateway.fhir.turns import Turns
from gateway.fhir.write import encode
from gateway.storage.as_app import as_app
from gateway.storage.database import Connection, Database
from gateway.storage.fhir_exports import (
    export_failed,
    export_is_done,
    export_is_gone,
    export_waits,
    horizon,
    old_exports,
    take_export,
)

FOLDER: Final = "exports"
# Of whom there is something in the files: beside them, for who fetches one a day later.
PATIENTS: Final = "patients.json"
TRIES: Final = 3
AGAIN: Final = timedelta(seconds=30)
DO: Final = "free the disk of HEARTHLINE_HOME, or set HEARTHLINE_FHIR_EXPORT_LEAVES_MB"

log = structlog.get_logger()


class Exports:
    """The work of a loop: one export after the other, and what is over is deleted."""

    def __init__(
        self, home: Path, database: Database, leaves_mb: int = 0, turns: Turns | None = None
    ) -> None:
        self._home, self._leaves_mb = home, leaves_mb
        self._folder = home / FOLDER
        self._database = database
        self._turns = turns or Turns()

    def look(self, connection: Connection, now: datetime) -> int:
        """Write one, if one waits; return how many."""
        for export in old_exports(connection, now):
            rmtree(self._folder / str(export), ignore_errors=True)
            export_is_gone(connection, export)
        row = take_export(connection, now, self._turns.had)
        if row is None:
            return 0
        self._turns.took(row["organisation_id"])
        try:
            self._write(connection, row, now)
        except NotWanted:
            # Where it waits, another one writes it there.
            if not export_waits(connection, row["id"]):
                rmtree(self._folder / str(row["id"]), ignore_errors=True)
        except NoRoom as error:
            # Not again by itself: it would fill the disk that far again and again.
            rmtree(self._folder / str(row["id"]), ignore_errors=True)
            log.error("export_no_room", export=str(row["id"]), leaves_mb=self._leaves_mb, do=DO)  # noqa: TRY400
            export_failed(connection, row, error.code, None)
        except Exception as error:
            if connection.broken:
                raise
            # A disk that is full is not left full, nor what is of patients left on it.
            rmtree(self._folder / str(row["id"]), ignore_errors=True)
            last = row["attempts"] >= TRIES
            log.error("export_failed", export=str(row["id"]), error=type(error).__name__)  # noqa: TRY400
            export_failed(connection, row, type(error).__name__, None if last else now + AGAIN)
        return 1

    def _write(self, connection: Connection, row: dict[str, Any], now: datetime) -> None:
        folder = self._folder / str(row["id"])
        rmtree(folder, ignore_errors=True)
        self._need_room()
        folder.mkdir(parents=True, mode=0o700)
        until, patients, files = horizon(connection), set[UUID](), []
        with self._database.connect(autocommit=True) as aside, _snapshot(connection, row):
            for type_ in row["types"]:
                path = folder / f"{type_}.ndjson"
                writer = Writer(connection, aside, row, RESOURCES[type_], until, now)
                count = writer.write(path, patients, self._need_room)
                if count:
                    files.append({"type": type_, "file": path.name, "count": count})
                else:
                    path.unlink()
        with new_file(folder / PATIENTS) as file:
            file.write(encode(sorted(patients)))
        with connection.transaction():
            as_app(connection, row["organisation_id"])
            told = {"patients": sorted(patients), "types": row["types"]}
            subject = ("export", str(row["id"]))
            append(connection, _who(row), "fhir.exported", at=now, subject=subject, detail=told)
        if not export_is_done(connection, row, until, files, now):
            raise NotWanted
        log.info("export_written", export=str(row["id"]), resources=sum(f["count"] for f in files))

    def _need_room(self) -> None:
        need_room(self._home, self._leaves_mb)


def patients_of(folder: Path) -> list[UUID]:
    """Return of whom there is something in the files of an export."""
    return msgspec.json.decode((folder / PATIENTS).read_bytes(), type=list[UUID])


@contextmanager
def _snapshot(connection: Connection, row: dict[str, Any]) -> Iterator[None]:
    """See all as it is at one moment, as the organisation of who asked sees it."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        as_app(connection, row["organisation_id"])
        # A fifth of the time was spent in json.
        set_json_loads(msgspec.json.decode, connection)
        yield


def _who(row: dict[str, Any]) -> Who:
    return Who(
        id=row["who"],
        name=row["who_name"],
        organisation=row["organisation_id"],
        organisation_name="",
        roles=frozenset(),
        rights=frozenset(),
        session=None if row["is_program"] else UUID(int=0),
    )
