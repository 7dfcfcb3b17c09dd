"""A program that works with the real spool and tells, after each call, what the spool then holds.

Run under strace by `recorder.py`: `python -m tests.durability.writer FOLDER TOLD SESSION SEED`.
"""

import hashlib
import json
import os
import random
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_profiles.wire.v1 import Class
from edge_agent.errors import SpoolRefused
from edge_agent.ports import Bookmark
from edge_agent.spool import file
from edge_agent.spool.sqlite import SqliteSpool
from tests.fixtures.hub import Kit, make_kit, raw, reading, status, trusted_clock

QUOTA: Final = 1 << 17  # small, so that readings are dropped for newer ones
CALLS: Final = 130
SMASH_AT: Final = CALLS // 2
ALL: Final = "SELECT seq, state, attempts, envelope, sha256 FROM envelope ORDER BY seq"
KEY: Final = bytes(range(32))
State = dict[str, Any]


def same_hub() -> Kit:
    """Return a kit of one hub for all processes: what it signed, it can find again."""
    kit = make_kit()
    hub_file = kit.hub_file.model_copy(update={"hub": UUID(int=7), "organisation": UUID(int=8)})
    return replace(kit, hub_file=hub_file, signing_key=Ed25519PrivateKey.from_private_bytes(KEY))


def state_of(spool: SqliteSpool) -> State:
    """Return all that a power cut must not change: rows by their octets, and bookmarks."""
    rows = {}
    for seq, state, attempts, envelope, told in spool._db.execute(ALL):
        assert hashlib.sha256(envelope).digest() == told
        rows[str(seq)] = f"{state} {attempts} {told[:8].hex()}"
    bookmarks = spool._db.execute("SELECT device, sequence FROM bookmark").fetchall()
    last = spool._db.execute("SELECT max(seq) FROM sqlite_sequence").fetchone()[0] or 0
    return {"epoch": spool.epoch, "last": last, "rows": rows, "bookmarks": dict(bookmarks)}


class Hand:
    """Calls the spool as an agent does, in random order."""

    def __init__(self, spool: SqliteSpool, kit: Kit, seed: int) -> None:
        self.spool, self.kit, self.chance = spool, kit, random.Random(seed)  # noqa: S311
        self.held: list[Any] = []

    def one(self) -> None:
        calls: list[tuple[int, Callable[[], object]]] = [
            (8, self.hold), (4, self.replace), (4, self.alert), (1, self.release),
            (3, self.send), (4, self.receive), (1, self.beat), (1, self.remember),
        ]  # fmt: skip
        (call,) = self.chance.choices([c for _, c in calls], [weight for weight, _ in calls])
        with suppress(SpoolRefused):  # all alerts: the quota's word, and nothing changes
            call()

    def hold(self) -> None:
        self.held.append(self.spool.hold(raw(self.chance.randrange(99))))

    def replace(self) -> None:
        take, self.held = self.held[:3], self.held[3:]
        class_ = self.chance.choice([Class.ALERT, Class.ROUTINE, Class.ROUTINE])
        self.spool.replace(take, [(class_, reading(n)) for n in range(len(take))])

    def alert(self) -> None:
        self.spool.put(reading(1), Class.ALERT)

    def release(self) -> None:
        self.spool.release()
        self.held.clear()

    def send(self) -> None:
        self.spool.sent([row.ref.seq for row in self.spool.pending(20)])

    def receive(self) -> None:
        high = self.chance.randint(0, state_of(self.spool)["last"])
        self.spool.apply(self.kit.receipt(self.spool.epoch, high))

    def beat(self) -> None:
        self.spool.put(status(), Class.STATUS)

    def remember(self) -> None:
        mark = Bookmark(self.chance.randrange(9999), datetime(2026, 11, 21, tzinfo=UTC))
        self.spool.remember(UUID(int=self.chance.randrange(3)), mark)

    def smash(self, path: Path) -> None:
        """Spoil the file under the spool, as a dying card does."""
        self.spool._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        handle = os.open(path, os.O_RDWR)
        os.pwrite(handle, b"\xa5" * (path.stat().st_size - 100), 100)
        os.fsync(handle)
        self.spool._db.execute("PRAGMA shrink_memory")


def main(folder: Path, told: Path, session: str, seed: int) -> None:
    """Work for one session; it ends as `session` says: closed, killed, or with a spoilt file."""
    out = os.open(told, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def tell(what: State) -> None:
        os.write(out, json.dumps(what).encode() + b"\n")

    kit = same_hub()
    spool = SqliteSpool(folder, kit.sealer(), trusted_clock(), QUOTA)
    tell(state_of(spool))
    hand = Hand(spool, kit, seed)
    for number in range(CALLS):
        if session == "smashed" and number == SMASH_AT:
            tell({**state_of(spool), "smashed": True})
            hand.smash(folder / file.NAME)
            # The spool meets the damage first: what this program reads by itself mends nothing.
            hand.alert()
            tell(state_of(spool))
        hand.one()
        tell(state_of(spool))
    if session == "closed":
        spool.close()
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
