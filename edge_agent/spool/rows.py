"""The statements on the spool's rows; each runs inside the caller's transaction."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence

from device_profiles.wire.body import GapBody, utc_ms
from device_profiles.wire.v1 import MAX_ENVELOPE, Class
from edge_agent.ports import Body, Clock, Ref
from edge_agent.spool import ranges, room
from edge_agent.spool.seal import Sealer

INSERT = """
INSERT INTO envelope (seq, class, kind, reason, state, supersedes, envelope, sha256,
                      boot, mono_ns, wall_ms, clock_ok)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
PENDING = """
SELECT seq, class, envelope, sha256, attempts FROM envelope
WHERE state = 'ready' AND seq NOT IN (SELECT value FROM json_each(?))
ORDER BY class, seq LIMIT ?
"""
Pending = tuple[int, int, bytes, bytes, int]  # seq, class, envelope, its hash, attempts
CHOSEN = "seq IN (SELECT value FROM json_each(?))"


class Rows:
    """The rows of one file in one epoch."""

    def __init__(self, db: sqlite3.Connection, epoch: int, sealer: Sealer, clock: Clock) -> None:
        self.db, self.epoch = db, epoch
        self._sealer, self._clock = sealer, clock

    def insert(self, body: Body, class_: Class, state: str) -> Ref:
        """Seal a body for the next seq and keep it; the seq is part of what is signed."""
        row = self.db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'envelope'")
        seq = (row.fetchone() or (0,))[0] + 1
        if self._sealer.size(body) > MAX_ENVELOPE:  # no broker or gateway would take it
            body = GapBody(at=self._clock.now(), reason="too_large", supersedes=body.supersedes)
        envelope = self._sealer.seal(body, class_, self.epoch, seq)
        values = (
            *(seq, class_, body.type, getattr(body, "reason", ""), state),
            json.dumps(body.supersedes),
            *(envelope, hashlib.sha256(envelope).digest()),
            *(str(self._clock.boot), int(self._clock.monotonic() * 1e9)),
            *(utc_ms(self._clock.now()), self._clock.trusted()),
        )
        self.db.execute(INSERT, values)
        return Ref(self.epoch, seq)

    def pending(self, limit: int, without: Iterable[int]) -> list[Pending]:
        """Return what is to be sent, as it lies in the file."""
        return self.db.execute(PENDING, (json.dumps(sorted(without)), limit)).fetchall()

    def release(self, held: Sequence[Ref] | None) -> int:
        """Make held rows ready, all of them for None; return how many."""
        where, values = ("TRUE", ()) if held is None else (CHOSEN, (self._mine(held),))
        return self.db.execute(
            f"UPDATE envelope SET state = 'ready' WHERE state = 'held' AND {where}",  # noqa: S608
            values,
        ).rowcount

    def sent(self, seqs: Sequence[int]) -> None:
        """Count one attempt more."""
        self.db.execute(
            f"UPDATE envelope SET attempts = attempts + 1, sent_ms = ? WHERE {CHOSEN}",  # noqa: S608
            (utc_ms(self._clock.now()), json.dumps(seqs)),
        )

    def all_sent(self) -> list[int]:
        """Return the seqs that have left at least once."""
        found = self.db.execute("SELECT seq FROM envelope WHERE state = 'ready' AND attempts > 0")
        return [seq for (seq,) in found]

    def take(self, where: str, *values: str) -> tuple[ranges.Span, ...]:
        """Delete rows; return all seqs that they stood for."""
        found = self.db.execute(
            f"SELECT seq, supersedes FROM envelope WHERE {where}",  # noqa: S608 - our own words
            values,
        ).fetchall()
        self.delete([seq for seq, _ in found])
        told = ((first, last) for _, spans in found for first, last in json.loads(spans))
        return ranges.merge((*ranges.of(seq for seq, _ in found), *told))

    def take_held(self, held: Sequence[Ref]) -> tuple[ranges.Span, ...]:
        """The same for held rows; those of another epoch are not ours."""
        return self.take(f"state = 'held' AND {CHOSEN}", self._mine(held))

    def delete(self, seqs: list[int]) -> None:
        """Let go of rows."""
        self.db.execute(f"DELETE FROM envelope WHERE {CHOSEN}", (json.dumps(seqs),))  # noqa: S608

    def give_up(self, seqs: list[int], reason: str) -> None:
        """Put a gap in the place of rows, and of the unsent gaps with the same reason."""
        spans = self.take(CHOSEN, json.dumps(seqs))
        spans = ranges.merge((*spans, *self.take(room.MERGEABLE_GAPS, reason)))
        self.tell(spans, reason)

    def tell(self, spans: Sequence[ranges.Span], reason: str) -> None:
        """Write gaps that account for spans, as many to a gap as fit into an envelope."""
        now = self._clock.now()
        for start in range(0, len(spans), room.MAX_SPANS):
            told = spans[start : start + room.MAX_SPANS]
            gap = GapBody(at=now, reason=reason, supersedes=tuple(told))
            self.insert(gap, Class.ROUTINE, "ready")

    def _mine(self, refs: Sequence[Ref]) -> str:
        return json.dumps([ref.seq for ref in refs if ref.epoch == self.epoch])
