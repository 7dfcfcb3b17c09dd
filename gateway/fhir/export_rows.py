"""Writes the rows of one resource into a file that only we can read, some at a time."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

from gateway.fhir.find import View, query
from gateway.fhir.resource import Resource, Sql
from gateway.fhir.write import encode
from gateway.storage.database import Connection
from gateway.storage.fhir_exports import go_on

AT_ONCE: Final = 1000


class NotWanted(Exception):
    """It was cancelled, or somebody else writes it."""


class Writer:
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

    def write(self, path: Path, patients: set[UUID], need_room: Callable[[], None]) -> int:
        """Write them all, as long as there is room; return how many."""
        count = 0
        with new_file(path) as file:
            for found in self._rows():
                file.write(encode(self._resource.build(found)) + b"\n")
                if found["patient"]:
                    patients.add(found["patient"])
                count += 1
                if count % AT_ONCE == 0:
                    need_room()
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


def new_file(path: Path) -> BinaryIO:
    """Open a file that was not there, for us only."""
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))
