"""Signs checkpoints, every five minutes, where a chain grew. A loop beside the worker."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from gateway.audit import stores
from gateway.audit.chain import Walk
from gateway.audit.checkpoint import Checkpoint, Head, named, readable, sign
from gateway.audit.entries import entries_after
from gateway.errors import WrongInput
from gateway.identity.audit_key import read_audit_key, read_audit_public
from gateway.settings import Settings
from gateway.storage.database import Connection

EVERY: Final = timedelta(minutes=5)

HEADS: Final = """
SELECT o.id, a.seq, a.hash FROM organisation o LEFT JOIN LATERAL (
    SELECT seq, hash FROM audit WHERE organisation_id = o.id ORDER BY seq DESC LIMIT 1) a ON true
ORDER BY o.id"""

log = structlog.get_logger()


class Seal:
    """Remembers how far checkpoints vouch; after a restart it reads that from them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._next: datetime | None = None
        self._number = 0
        self._heads: dict[UUID, Head] = {}
        self._read_files = True

    def look(self, connection: Connection, now: datetime) -> int:
        """Sign what is new, if it is time. Needs a connection in autocommit."""
        if self._next is None or now >= self._next:
            try:
                self._look(connection, now)
            except WrongInput as error:  # the keys are not there: it is for people to mend
                log.error("audit_not_sealed", reason=str(error))  # noqa: TRY400
            self._next = now + EVERY
        return 0

    def _look(self, connection: Connection, now: datetime) -> None:
        with stores.alone(connection):
            self._remember(connection)
            with connection.transaction():
                self._seal(connection, now)
            self._copy(connection)

    def _remember(self, connection: Connection) -> None:
        """Read what is not known yet: of before a start, or of another worker."""
        lines = stores.in_database(connection, self._number)
        for file in stores.files(self._settings) if self._read_files else ():
            with suppress(OSError):  # told when it is to be written
                lines += file.lines()
        self._read_files = False
        known = readable(lines, read_audit_public(self._settings.keys))
        for told in sorted(known, key=lambda one: one.number):
            self._number = max(self._number, told.number)
            self._heads |= told.heads

    def _seal(self, connection: Connection, now: datetime) -> None:
        rows = connection.execute(HEADS).fetchall()
        heads = {
            row["id"]: Head(seq=row["seq"], hash=bytes(row["hash"]).hex())
            for row in rows
            if row["seq"] is not None
        }
        grown = {id_: head for id_, head in heads.items() if self._heads.get(id_) != head}
        self._warn(connection, grown, [row["id"] for row in rows if row["seq"] is None])
        if grown:
            key = read_audit_key(self._settings.keys)
            told = Checkpoint(number=self._number + 1, at=now, heads=grown, key=named(key))
            stores.keep(connection, told.number, sign(told, key))
            log.info("audit_sealed", number=told.number, organisations=len(grown))

    def _warn(self, connection: Connection, grown: Mapping[UUID, Head], empty: list[UUID]) -> None:
        """Look whether each chain goes on where the last checkpoint left it."""
        bad = [id_ for id_ in empty if id_ in self._heads]
        for organisation, head in grown.items():
            start = self._heads.get(organisation)
            walk = Walk({}, start.seq, bytes.fromhex(start.hash)) if start else Walk({})
            walk.along(entries_after(connection, organisation, walk.last))
            if walk.broken or walk.holes or walk.last != head.seq:
                bad.append(organisation)
        for organisation in bad:
            log.error("audit_broken", organisation=str(organisation), do="audit verify")

    def _copy(self, connection: Connection) -> None:
        """Add to each file what it has not yet: it may be new, or was out of reach."""
        for file in stores.files(self._settings):
            try:
                if lines := stores.in_database(connection, file.last()):
                    file.add(lines)
            except OSError as error:
                where, why = str(file.path.parent), error.strerror
                log.error("audit_checkpoint_not_copied", folder=where, reason=why)  # noqa: TRY400
