"""What became of what a hub took: the custody ledger, counted for any period."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from device_profiles.reading import Frozen
from gateway.storage.database import Connection

COUNTS: Final = """
SELECT disposition, coalesce(reason, '') AS reason, count(*) AS n
FROM envelope
WHERE hub_id = %(hub)s
  AND (%(since)s::timestamptz IS NULL OR received_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR received_at < %(until)s)
GROUP BY 1, 2"""

# A number that was never heard of between 1 and the highest that was: nobody accounts for it.
MISSING: Final = """
SELECT l.epoch, lower(m) AS first, upper(m) - 1 AS last
FROM ledger l, unnest(int8multirange(int8range(1, l.highest, '[]')) - l.accounted) AS m
WHERE l.hub_id = %(hub)s ORDER BY l.epoch, m"""

DROPPED: Final = """
SELECT epoch, lower(s) AS first, upper(s) - 1 AS last, reason
FROM gap, unnest(seqs) AS s
WHERE hub_id = %(hub)s AND told_at >= coalesce(%(since)s, '-infinity'::timestamptz)
  AND told_at < coalesce(%(until)s, 'infinity'::timestamptz) ORDER BY epoch, s"""

ALTERED: Final = """
SELECT count(*) AS n FROM security_event WHERE hub_id = %(hub)s
  AND at >= coalesce(%(since)s, '-infinity'::timestamptz)
  AND at < coalesce(%(until)s, 'infinity'::timestamptz)"""

TOTALS: Final = """
SELECT (SELECT count(*) FROM hub) AS hubs,
       count(*) FILTER (WHERE disposition = 'stored') AS stored,
       count(*) FILTER (WHERE disposition = 'duplicate') AS duplicate,
       count(*) FILTER (WHERE disposition = 'quarantined') AS quarantined,
       (SELECT coalesce(sum(upper(m) - lower(m)), 0) FROM ledger l,
            unnest(int8multirange(int8range(1, l.highest, '[]')) - l.accounted) AS m)::bigint
           AS missing_count,
       (SELECT count(*) FROM duty) AS waiting
FROM envelope"""


class Totals(Frozen):
    """The account of all hubs. `waiting` are stored readings that nobody has evaluated yet."""

    hubs: int
    stored: int
    duplicate: int
    quarantined: int
    missing_count: int
    waiting: int


class Seqs(Frozen):
    """Sequence numbers of one epoch, first and last included."""

    epoch: int
    first: int
    last: int
    reason: str | None = None


class Custody(Frozen):
    """The account of one hub. `stored` + `duplicate` + `quarantined` is what arrived."""

    hub: UUID
    stored: int
    duplicate: int
    quarantined: dict[str, int]
    missing: tuple[Seqs, ...]
    dropped_by_hub: tuple[Seqs, ...]
    security_events: int

    @property
    def missing_count(self) -> int:
        """Return how many sequence numbers nobody accounts for."""
        return sum(seqs.last - seqs.first + 1 for seqs in self.missing)


def custody(
    connection: Connection,
    hub: UUID,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Custody:
    """Return a hub's account. Missing numbers are those of its whole life."""
    period = {"hub": hub, "since": since, "until": until}
    counts = connection.execute(COUNTS, period).fetchall()
    altered = connection.execute(ALTERED, period).fetchone()
    return Custody(
        hub=hub,
        stored=_sum(counts, "stored"),
        duplicate=_sum(counts, "duplicate"),
        quarantined={row["reason"]: row["n"] for row in counts if row["reason"]},
        missing=tuple(Seqs(**row) for row in connection.execute(MISSING, period)),
        dropped_by_hub=tuple(Seqs(**row) for row in connection.execute(DROPPED, period)),
        security_events=altered["n"] if altered else 0,
    )


def totals(connection: Connection) -> Totals:
    """Return the account of all hubs, over their whole life."""
    row = connection.execute(TOTALS).fetchone()
    assert row is not None  # noqa: S101 - an aggregate returns its row
    return Totals(**row)


def _sum(rows: Sequence[dict[str, object]], disposition: str) -> int:
    return sum(int(str(row["n"])) for row in rows if row["disposition"] == disposition)
