"""The statements on the spool's rows; each runs inside the caller's transaction."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence

from device_profiles.wire.body import GapBody, utc_ms
from device_profiles.wire.v1 import MAX_ENVELOPE, Class, Receipt
from edge_agent.ports import Body, Clock, Ref
from edge_agent.spool import ranges, room
from edge_agent.spool.rescue import Found, place_of
from edge_agent.spool.seal import Sealer

INSERT = """
INSERT INTO envelope (seq, class, kind, reason, state, supersedes, envelope, sha256,
                      boot, mono_ns, wall_ms, clock_ok)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# A quarter of what may be sent at once is for the newest that is no alert: behind a backlog of
# days, what is measured now and the heartbeat would else wait for all of it. The backlog itself is
# not sent from its end: no receipt reaches so far, and all of that would be sent again.
NEWEST_SHARE = 4
READY = "state = 'ready' AND seq NOT IN (SELECT value FROM json_each(:without))"
# Newest by the rowid (`+` keeps SQLite from the index), oldest by the index: nothing is scanned,
# and a backlog of days costs as much as an empty spool.
NEWEST = f"""
SELECT seq FROM envelope WHERE +{READY} AND +class > 0 AND seq > :backlog
ORDER BY seq DESC LIMIT :newest"""  # noqa: S608 - constants only
PENDING = f"""
SELECT seq, class, envelope, sha256, attempts FROM envelope WHERE seq IN (
  SELECT seq FROM (SELECT seq FROM envelope WHERE {READY} ORDER BY class, seq LIMIT :oldest)
  UNION SELECT value FROM json_each(:found))
ORDER BY +class, +seq
"""  # noqa: S608 - constants only
Pending = tuple[int, int, bytes, bytes, int]  # seq, class, envelope, its hash, attempts
SENT = "state = 'ready' AND attempts > 0"
CHOSEN = "seq IN (SELECT value FROM json_each(?))"


class Rows:
    """The rows of one file in one epoch."""

    def __init__(self, db: sqlite3.Connection, epoch: int, sealer: Sealer, clock: Clock) -> None:
        self.db, self.epoch = db, epoch
        self._sealer, self._clock = sealer, clock

    def insert(self, body: Body, class_: Class, state: str) -> Ref:
        """Seal a body for the next seq and keep it; the seq is part of what is signed."""
        seq = self.last() + 1
        if self._sealer.size(body) > MAX_ENVELOPE:  # no broker or gateway would take it
            body = GapBody(at=self._clock.now(), reason="too_large", supersedes=body.supersedes)
        envelope = self._sealer.seal(body, class_, self.epoch, seq)
        reason = getattr(body, "reason", "")
        self._keep(seq, class_, body.type, reason, state, body.supersedes, envelope)
        return Ref(self.epoch, seq)

    def roll_forward(self, found: Sequence[Found]) -> int:
        """Keep what lies behind the end of the log with the seq that it was sealed with; say how
        many. What is missing in between is told."""
        last = self.last()
        lost = [one for one in found if one.epoch == self.epoch and one.seq > last]
        for one in lost:
            self._keep(one.seq, one.class_, "raw", "", "ready", (), one.envelope)
        missing = set(range(last + 1, self.last() + 1)) - {one.seq for one in lost}
        self.tell(ranges.of(missing), "log_damaged")
        return len(lost)

    def last(self) -> int:
        """Return the highest seq that was ever given."""
        row = self.db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'envelope'").fetchone()
        return int(row[0]) if row else 0

    def _keep(
        self,
        seq: int,
        class_: Class,
        kind: str,
        reason: str,
        state: str,
        supersedes: Sequence[ranges.Span],
        envelope: bytes,
    ) -> None:
        values = (
            *(seq, class_, kind, reason, state, json.dumps(supersedes)),
            *(envelope, hashlib.sha256(envelope).digest()),
            *(str(self._clock.boot), int(self._clock.monotonic() * 1e9)),
            *(utc_ms(self._clock.now()), self._clock.trusted()),
        )
        self.db.execute(INSERT, values)

    def pending(self, limit: int, without: Iterable[int], backlog: int) -> list[Pending]:
        """Return what is to be sent, as it lies in the file."""
        asked = {
            "without": json.dumps(sorted(without)),
            "backlog": backlog,
            "newest": limit // NEWEST_SHARE,
        }
        found = [seq for (seq,) in self.db.execute(NEWEST, asked)]
        asked |= {"found": json.dumps(found), "oldest": limit - len(found)}
        return self.db.execute(PENDING, asked).fetchall()

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

    def covered(self, receipt: Receipt) -> list[int]:
        """Return the rows that a receipt covers; what was never sent cannot have been received."""
        if receipt.epoch == self.epoch:
            found = self.db.execute(f"SELECT seq FROM envelope WHERE {SENT} AND seq > 0")  # noqa: S608
            return [seq for (seq,) in found if receipt.covers(seq)]
        found = self.db.execute(f"SELECT seq, envelope FROM envelope WHERE {SENT} AND seq < 0")  # noqa: S608
        return [seq for seq, envelope in found if _covers(receipt, envelope)]

    def rescue(self, found: Sequence[Found]) -> None:
        """Keep envelopes of earlier epochs as they are. Their rows count from below zero, so that
        no seq of this epoch is used up, and the oldest is the first to be sent."""
        for row, one in enumerate(found, start=-len(found)):
            self._keep(row, one.class_, "raw", "", "ready", (), one.envelope)

    def take(self, where: str, *values: str) -> tuple[ranges.Span, ...]:
        """Delete rows; return all seqs of this epoch that they stood for."""
        found = self.db.execute(
            f"SELECT seq, supersedes FROM envelope WHERE {where}",  # noqa: S608 - our own words
            values,
        ).fetchall()
        self.delete([seq for seq, _ in found])
        told = ((first, last) for _, spans in found for first, last in json.loads(spans))
        return ranges.merge((*ranges.of(seq for seq, _ in found if seq > 0), *told))

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


def _covers(receipt: Receipt, envelope: bytes) -> bool:
    """Say whether a receipt covers what an envelope itself says that it is."""
    epoch, seq = place_of(envelope) or (0, 0)
    return epoch == receipt.epoch and receipt.covers(seq)
