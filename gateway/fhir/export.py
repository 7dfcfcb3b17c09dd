"""Writes exports, beside the worker: a snapshot, row by row, into files that only we can read.

Memory stays flat: PostgreSQL keeps the result (a cursor of its own), the file what was read.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from shutil import rmtree
from typing import Any, BinaryIO, Final
from uuid import UUID

import msgspec
import structlog
from psycopg.types.json import set_json_loads

from gateway.access.who import Who
from gateway.audit.append import append
from gateway.fhir.find import View, query
from gateway.fhir.registry import RESOURCES
from gateway.fhir.resource import Resource, Sql
from gateway.fhir.write import encode
from gateway.storage.as_app import as_app
from gateway.storage.database import Connection, Database
from gateway.storage.fhir_exports import (
    export_failed,
    export_is_done,
    export_is_gone,
    export_waits,
    go_on,
    horizon,
    old_exports,
    take_export,
)

FOLDER: Final = "exports"
# Of whom there is something in the files: beside them, for who fetches one a day later.
PATIENTS: Final = "patients.json"
AT_ONCE: Final = 1000
TRIES: Final = 3
AGAIN: Final = timedelta(seconds=30)

log = structlog.get_logger()


class NotWanted(Exception):
    """It was cancelled, or somebody else writes it."""


class Exports:
    """The work of a loop: one export after the other, and what is over is deleted."""

    def __init__(self, home: Path, database: Database) -> None:
        self._folder = home / FOLDER
        self._database = database

    def look(self, connection: Connection, now: datetime) -> int:
        """Write one, if one waits; return how many."""
        for export in old_exports(connection, now):
            rmtree(self._folder / str(export), ignore_errors=True)
            export_is_gone(connection, export)
        row = take_export(connection, now)
        if row is None:
            return 0
        try:
            self._write(connection, row, now)
        except NotWanted:
            # Where it waits, another one writes it there.
            if not export_waits(connection, row["id"]):
                rmtree(self._folder / str(row["id"]), ignore_errors=True)
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
        folder.mkdir(parents=True, mode=0o700)
        until, patients, files = horizon(connection), set[UUID](), []
        with self._database.connect(autocommit=True) as aside, _snapshot(connection, row):
            for type_ in row["types"]:
                path = folder / f"{type_}.ndjson"
                writer = _Writer(connection, aside, row, RESOURCES[type_], until, now)
                count = writer.write(path, patients)
                if count:
                    files.append({"type": type_, "file": path.name, "count": count})
                else:
                    path.unlink()
        with _new(folder / PATIENTS) as file:
            file.write(encode(sorted(patients)))
        with connection.transaction():
            as_app(connection, row["organisation_id"])
            told = {"patients": sorted(patients), "types": row["types"]}
            subject = ("export", str(row["id"]))
            append(connection, _who(row), "fhir.exported", at=now, subject=subject, detail=told)
        if not export_is_done(connection, row, until, files, now):
            raise NotWanted
        log.info("export_written", export=str(row["id"]), resources=sum(f["count"] for f in files))


class _Writer:
    """Writes the rows of one resource."""

    def __init__(
        self,
        connection: Connection,
        aside: Connection,
        row: dict[str, Any],
        resource: Resource,
        until: datetime,
        now: datetime,
    ) -> None:
        self._connection, self._aside, self._row = connection, aside, row
        self._resource, self._until = resource, until
        self._view = View(row["who"], now)

    def write(self, path: Path, patients: set[UUID]) -> int:
        """Write them all; return how many."""
        count = 0
        with _new(path) as file:
            for found in self._rows():
                file.write(encode(self._resource.build(found)) + b"\n")
                if found["patient"]:
                    patients.add(found["patient"])
                count += 1
                if count % AT_ONCE == 0:
                    self._tell(count)
        self._tell(count)
        return count

    def _rows(self) -> Iterator[dict[str, Any]]:
        conditions: list[Sql] = [(f"{self._resource.updated} <= %s", [self._until])]
        if self._row["since"]:
            conditions.append((f"{self._resource.updated} > %s", [self._row["since"]]))
        text, given = query(self._resource, conditions, self._view)
        with self._connection.cursor(name="fhir_export") as cursor:
            cursor.itersize = AT_ONCE
            yield from cursor.execute(text, given)

    def _tell(self, count: int) -> None:
        if not go_on(self._aside, self._row, f"{self._resource.type}: {count}"):
            raise NotWanted


def patients_of(folder: Path) -> list[UUID]:
    """Return of whom there is something in the files of an export."""
    return msgspec.json.decode((folder / PATIENTS).read_bytes(), type=list[UUID])


def _new(path: Path) -> BinaryIO:
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))


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
