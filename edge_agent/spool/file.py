"""The spool's file: opened and checked, or set aside and begun anew with the next epoch."""

import os
import secrets
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from edge_agent.errors import EdgeError
from edge_agent.spool.epoch import read_epoch, sync_folder, write_epoch
from edge_agent.spool.witness import open_index, read_index

NAME: Final = "spool.db"
# Rows in flight are few and small; the default cache of 2 MiB would only cost memory.
CACHE_KIB: Final = 256
# Blobs of one to two thousand octets leave up to half of a page unused.
PAGES_PER_QUOTA: Final = 2
KEPT_LOG: Final = "spool.db.log"
# The file's user_version where it took the place of a damaged one.
AFTER_DAMAGE: Final = 1
# 2026-01-01 UTC: no clock that somebody has set is earlier.
BUILT: Final = 1_767_225_600
# Above every time in seconds that this century gives.
UNSET_CLOCK: Final = 2**32

SCHEMA: Final = """
CREATE TABLE spool (epoch INTEGER NOT NULL) STRICT;

-- A sealed envelope until its receipt. What it says, only the gateway can read.
CREATE TABLE envelope (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  class INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('raw', 'reading', 'status', 'gap')),
  reason TEXT NOT NULL,            -- of a gap
  state TEXT NOT NULL CHECK (state IN ('held', 'ready')),
  supersedes TEXT NOT NULL,        -- JSON: the ranges of seqs that it accounts for
  envelope BLOB NOT NULL,
  sha256 BLOB NOT NULL,
  boot TEXT NOT NULL,
  mono_ns INTEGER NOT NULL,
  wall_ms INTEGER NOT NULL,
  clock_ok INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  sent_ms INTEGER
) STRICT;
CREATE INDEX envelope_pending ON envelope (state, class, seq);
-- What is on its way, and the heartbeat: a few rows, looked for with each receipt and each minute.
CREATE INDEX envelope_sent ON envelope (state, attempts);
CREATE INDEX envelope_status ON envelope (seq) WHERE kind = 'status';

-- Kept by the triggers, so that no insert has to count all rows.
CREATE TABLE total (waiting INTEGER NOT NULL, octets INTEGER NOT NULL) STRICT;
INSERT INTO total VALUES (0, 0);
CREATE TRIGGER envelope_in AFTER INSERT ON envelope BEGIN
  UPDATE total SET waiting = waiting + 1, octets = octets + length(NEW.envelope);
END;
CREATE TRIGGER envelope_out AFTER DELETE ON envelope BEGIN
  UPDATE total SET waiting = waiting - 1, octets = octets - length(OLD.envelope);
END;

-- How far a device's stored records were pulled.
CREATE TABLE bookmark (
  device TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL,
  full_pull TEXT NOT NULL
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """An open spool file. `damaged` says that the one before it was set aside, and `logged` that
    it was not closed: its log may hold what SQLite does not find."""

    db: sqlite3.Connection
    epoch: int
    damaged: bool
    logged: bool = False


def open_file(folder: Path, quota: int) -> Opened:
    """Open the spool in `folder`, or begin a new one where it is missing or damaged."""
    path, stored = folder / NAME, read_epoch(folder)
    existed = path.exists()
    keep_log(folder)
    db = _sound(path, quota) if existed else None
    epoch = _epoch(db) if db is not None else None
    if db is not None and epoch is not None and epoch >= (stored or 0):
        if epoch != stored:
            write_epoch(folder, epoch)
        return Opened(db, epoch, damaged=_untold(db), logged=(folder / KEPT_LOG).exists())
    if db is not None:
        db.close()  # a file older than the epoch: somebody put an old card back
    return Opened(*_begin(folder, quota, stored, damaged=existed), damaged=existed)


def renew(folder: Path, quota: int) -> Opened:
    """Set a file that turned out to be damaged aside and begin the next."""
    return Opened(*_begin(folder, quota, read_epoch(folder), damaged=True), damaged=True)


def log_of(folder: Path) -> Path:
    """Return where SQLite keeps the log."""
    return folder / f"{NAME}-wal"


def keep_log(folder: Path) -> None:
    """Give the log a second name: closing lets SQLite delete it, with what it did not find."""
    if log_of(folder).exists():
        forget_log(folder)
        os.link(log_of(folder), folder / KEPT_LOG)


def forget_log(folder: Path) -> None:
    """Let go of the log that was kept; what was behind its end is in the spool."""
    (folder / KEPT_LOG).unlink(missing_ok=True)


def set_aside(folder: Path, epoch: int) -> list[Path]:
    """Return where the file is, and its log, that this epoch's took the place of."""
    return [folder / f"{NAME}.before-{epoch}{suffix}" for suffix in ("", "-wal")]


class _Database(sqlite3.Connection):
    """A database, and its index as a file that is closed after it.

    Whoever closes any file of an open database drops SQLite's locks on it in this process. The next
    program that looks at the spool would find nobody in, cut the index off, and the agent, which
    has it mapped, would die of SIGBUS: https://www.sqlite.org/howtocorrupt.html, 2.2.
    """

    index: BinaryIO | None = None

    def close(self) -> None:
        super().close()
        if self.index is not None:
            self.index.close()


def _sound(path: Path, quota: int) -> sqlite3.Connection | None:
    """Open a file, or return None where it is damaged; other errors are somebody else's."""
    index = open_index(path.with_name(f"{NAME}-shm"))
    promised = read_index(index)
    db = None
    try:
        db = _connect(path, quota)
        db.index = index
        whole = db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        found = read_index(index)
        if whole and not (promised and promised.promises_more_than(found)):
            return db
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise EdgeError(f"{path}: {error}.") from None
    for opened in (db, index):  # in this order
        if opened is not None:
            opened.close()
    return None


def is_damage(error: sqlite3.Error) -> bool:
    """Say whether the file itself is spoilt; a locked or unreadable one is not."""
    return primary_code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's error code without its detail; 0 where SQLite had no part in it."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _epoch(db: sqlite3.Connection) -> int | None:
    try:
        row = db.execute("SELECT epoch FROM spool").fetchone()
    except sqlite3.DatabaseError:
        return None
    return int(row[0]) if row else None


def _untold(db: sqlite3.Connection) -> bool:
    """Say whether this file took the place of a damaged one, and nobody was told: its first row
    is the gap that tells it."""
    after_damage = db.execute("PRAGMA user_version").fetchone()[0] == AFTER_DAMAGE
    return after_damage and db.execute("SELECT 1 FROM sqlite_sequence").fetchone() is None


def _begin(
    folder: Path, quota: int, stored: int | None, *, damaged: bool
) -> tuple[sqlite3.Connection, int]:
    """Begin a new file; the epoch is stored first, so that no seq is ever given twice.

    The file is made aside and comes to its place in one step: whenever the power goes, there is
    the old file, with an epoch below the stored one, or the whole new one that knows why.
    """
    epoch = stored + 1 if stored else first_epoch(time.time())
    write_epoch(folder, epoch)
    new = folder / f"{NAME}.new"
    _build(new, quota, epoch, AFTER_DAMAGE if damaged else 0)
    if (folder / KEPT_LOG).exists():
        (folder / KEPT_LOG).rename(folder / f"{NAME}.before-{epoch}-wal")
    for suffix in ("-wal", "-shm"):
        (folder / (NAME + suffix)).unlink(missing_ok=True)
    if (folder / NAME).exists():
        os.link(folder / NAME, folder / f"{NAME}.before-{epoch}")
    new.replace(folder / NAME)
    sync_folder(folder)
    return _connect(folder / NAME, quota), epoch


def first_epoch(now: float) -> int:
    """Return an epoch where none is known; not 1, nor any that this hub can have had.

    The gateway may remember an earlier spool of this hub, and would refuse its sequence numbers as
    replayed. A clock that nobody has set starts with the same seconds again after each power cut.
    """
    return int(now) if now > BUILT else UNSET_CLOCK + secrets.randbelow(UNSET_CLOCK)


def _build(path: Path, quota: int, epoch: int, version: int) -> None:
    """Make a whole and empty file; closing it leaves no log beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    db = _connect(path, quota)
    try:
        db.executescript(f"BEGIN IMMEDIATE; {SCHEMA}")
        db.execute("INSERT INTO spool VALUES (?)", (epoch,))
        db.execute(f"PRAGMA user_version = {version}")
        db.execute("COMMIT")
    finally:
        db.close()
    path.chmod(0o600)


def _connect(path: Path, quota: int) -> _Database:
    db = sqlite3.connect(path, isolation_level=None, timeout=5.0, factory=_Database)
    try:
        _set(db, "journal_mode", "wal")
        _set(db, "synchronous", 2)  # FULL: a commit is on the card when it returns
        db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        size = db.execute("PRAGMA page_size").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {max(64, PAGES_PER_QUOTA * quota // size)}")
    except BaseException:
        db.close()
        raise
    return db


def _set(db: sqlite3.Connection, pragma: str, value: str | int) -> None:
    """Set a pragma and read it back: SQLite ignores what it cannot do without a word."""
    db.execute(f"PRAGMA {pragma} = {value}")
    if db.execute(f"PRAGMA {pragma}").fetchone()[0] != value:
        raise EdgeError(f"SQLite refuses {pragma} = {value} on this file system.")
