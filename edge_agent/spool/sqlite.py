"""The spool on SQLite: write-ahead log, synchronous=FULL, every public call one transaction."""

import functools
import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar
from uuid import UUID

from device_profiles.wire.body import GapBody, RawBody, ReadingBody, StatusBody
from device_profiles.wire.v1 import Class, Receipt
from edge_agent.errors import DiskFull, EdgeError, SpoolDamaged, SpoolRefused
from edge_agent.logs import log
from edge_agent.ports import Body, Bookmark, Clock, Depth, Problem, Ref, Row
from edge_agent.spool import ballast, file, ranges, rescue, room
from edge_agent.spool.lock import Lock
from edge_agent.spool.rows import Rows
from edge_agent.spool.seal import Sealer

DEPTH = """
SELECT waiting, octets, (SELECT min(seq) FROM envelope WHERE seq > 0),
       EXISTS (SELECT 1 FROM envelope WHERE kind IN ('raw', 'reading'))
FROM total
"""
P = ParamSpec("P")
T = TypeVar("T")
Accountable = ReadingBody | RawBody | StatusBody


def _renewing(
    call: Callable[Concatenate["SqliteSpool", P], T],
) -> Callable[Concatenate["SqliteSpool", P], T]:
    """Try once more after beginning a new file for a damaged one, or making room on the disk."""

    def again(self: "SqliteSpool", /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return call(self, *args, **kwargs)
        except SpoolDamaged:
            self._renew()
        except DiskFull:
            if not ballast.throw_out(self._folder):
                raise
            log.warning("ballast_thrown_out", epoch=self.epoch)
        return call(self, *args, **kwargs)

    return functools.update_wrapper(again, call)


class SqliteSpool:
    """See `ports.Spool`. `wake` is called when rows became ready."""

    def __init__(
        self,
        folder: Path,
        sealer: Sealer,
        clock: Clock,
        quota: int,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder, self._sealer, self._clock, self._quota = folder, sealer, clock, quota
        self._wake = wake
        self._problems: dict[Problem, datetime] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = Lock(folder)
        self._use(file.open_file(folder, quota))
        ballast.lay(folder)

    @property
    def epoch(self) -> int:
        """See `ports.Spool`."""
        return self._epoch

    @property
    def problems(self) -> Mapping[Problem, datetime]:
        """See `ports.Spool`."""
        return self._problems

    @_renewing
    def hold(self, body: RawBody) -> Ref:
        """See `ports.Spool`."""
        with self._transaction():
            self._make_room(self._sealer.size(body))
            return self._rows.insert(body, Class.ROUTINE, "held")

    @_renewing
    def put(self, body: Body, class_: Class) -> Ref:
        """See `ports.Spool`."""
        with self._transaction():
            if isinstance(body, StatusBody):  # one row at most, so it never drops a reading
                spans = self._rows.take("kind = 'status'")
                self._rows.tell(spans[room.MAX_SPANS :], "status_superseded")
                body = _account(body, spans[: room.MAX_SPANS])
            else:
                self._make_room(self._sealer.size(body))
            ref = self._rows.insert(body, class_, "ready")
        self._wake()
        return ref

    @_renewing
    def replace(
        self, held: Sequence[Ref], bodies: Sequence[tuple[Class, ReadingBody | RawBody]]
    ) -> None:
        """See `ports.Spool`. The first of the bodies accounts for the held rows."""
        with self._transaction():
            spans = self._rows.take_held(held)
            for class_, body in bodies:
                self._make_room(self._sealer.size(body))
                self._rows.insert(_account(body, spans), class_, "ready")
                spans = ()
        self._wake()

    @_renewing
    def release(self, held: Sequence[Ref] | None = None) -> int:
        """See `ports.Spool`."""
        with self._transaction():
            count = self._rows.release(held)
        if count:
            self._wake()
        return count

    @_renewing
    def pending(
        self, limit: int, without: frozenset[int] = frozenset(), backlog: int = 0
    ) -> Sequence[Row]:
        """See `ports.Spool`. A row that is not what was written becomes a gap."""
        with self._errors():
            found = self._rows.pending(limit, without, backlog)
        broken = [row[0] for row in found if hashlib.sha256(row[2]).digest() != row[3]]
        if broken:
            self._give_up(broken)
            return self.pending(limit, without, backlog)
        return [
            Row(Ref(self._epoch, seq), Class(class_), envelope, attempts)
            for seq, class_, envelope, _, attempts in found
        ]

    @_renewing
    def sent(self, seqs: Sequence[int]) -> None:
        """See `ports.Spool`."""
        with self._transaction():
            self._rows.sent(seqs)

    @_renewing
    def apply(self, receipt: Receipt) -> int:
        """See `ports.Spool`. A receipt of another epoch may be for what was rescued from there."""
        if receipt.hub != self._sealer.hub:
            return 0
        with self._transaction():
            covered = self._rows.covered(receipt)
            self._rows.delete(covered)
        if covered:
            self._problems.pop(Problem.REFUSED, None)
            ballast.lay(self._folder)
        return len(covered)

    @_renewing
    def depth(self) -> Depth:
        """See `ports.Spool`."""
        with self._errors():
            waiting, octets, oldest, readings = self._db.execute(DEPTH).fetchone()
        return Depth(waiting, octets, oldest or 0, bool(readings))

    @_renewing
    def bookmark(self, device: UUID) -> Bookmark | None:
        """See `ports.Spool`."""
        with self._errors():
            row = self._db.execute(
                "SELECT sequence, full_pull FROM bookmark WHERE device = ?", (str(device),)
            ).fetchone()
        return Bookmark(row[0], datetime.fromisoformat(row[1])) if row else None

    @_renewing
    def remember(self, device: UUID, bookmark: Bookmark) -> None:
        """See `ports.Spool`."""
        with self._transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO bookmark VALUES (?, ?, ?)",
                (str(device), bookmark.sequence, bookmark.full_pull.isoformat()),
            )

    def close(self) -> None:
        """See `ports.Spool`."""
        self._db.close()
        self._lock.release()

    def _use(self, opened: file.Opened) -> None:
        self._db, self._epoch = opened.db, opened.epoch
        self._rows = Rows(opened.db, opened.epoch, self._sealer, self._clock)
        if opened.damaged:
            self._problems[Problem.DAMAGED] = self._clock.now()
            self._after_damage()
        elif opened.logged:
            self._roll_forward()

    @_renewing
    def _after_damage(self) -> None:
        """Tell of it, and keep what is whole of what was set aside, both or neither."""
        aside = file.set_aside(self._folder, self._epoch)
        found = rescue.find(aside, *self._sealer.own())
        log.error("spool_damaged", epoch=self._epoch, rescued=len(found))
        with self._transaction():
            gap = GapBody(at=self._clock.now(), reason="spool_damaged")
            self._rows.insert(gap, Class.ROUTINE, "ready")
            self._rows.rescue(found)
        self._wake()

    @_renewing
    def _roll_forward(self) -> None:
        """Keep the envelopes in the log that SQLite did not get to: the power went, or it broke."""
        kept = self._folder / file.KEPT_LOG
        found = rescue.find([kept], *self._sealer.own(), (self._epoch, self._rows.last()))
        if found:
            with self._transaction():
                count = self._rows.roll_forward(found)
            log.warning("log_rolled_forward", epoch=self._epoch, rows=count)
        file.forget_log(self._folder)

    def _renew(self) -> None:
        file.keep_log(self._folder)
        self._db.close()
        self._use(file.renew(self._folder, self._quota))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # SQLite ends it by itself where the disk is full
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._meaning(error) from error

    def _meaning(self, error: sqlite3.Error) -> EdgeError:
        if file.is_damage(error):
            return SpoolDamaged()
        # The disk is full, broken or read-only: nothing is kept, and nothing is dropped.
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        self._refused(name)
        full = file.primary_code(error) == sqlite3.SQLITE_FULL
        return DiskFull(name) if full else SpoolRefused(name)

    def _refused(self, reason: str) -> None:
        self._problems[Problem.REFUSED] = self._clock.now()
        log.error("spool_refused", epoch=self._epoch, reason=reason)

    def _make_room(self, needed: int) -> None:
        """Drop the oldest routine rows where the quota asks for it, and say so in a gap."""
        try:
            dropped = room.choose(self._db, self._quota, needed)
        except SpoolRefused:
            self._refused("quota")
            raise
        if dropped:
            self._problems[Problem.DROPPED] = self._clock.now()
            log.error("spool_dropped", epoch=self._epoch, rows=len(dropped))
            self._rows.give_up(dropped, "quota")

    def _give_up(self, broken: list[int]) -> None:
        self._problems[Problem.DAMAGED] = self._clock.now()
        log.error("spool_rows_damaged", epoch=self._epoch, seqs=broken)
        with self._transaction():
            self._rows.give_up(broken, "row_damaged")


def _account(body: Accountable, spans: Iterable[ranges.Span]) -> Accountable:
    return body.model_copy(update={"supersedes": ranges.merge((*body.supersedes, *spans))})
