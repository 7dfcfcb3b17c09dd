"""How the far sides of an organisation are: what waits, what is dead, since when; and replay."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from device_profiles.reading import Frozen
from gateway.errors import NotFound
from gateway.storage.database import Connection

State = Literal["well", "waiting", "failing", "dead", "retired"]

LIST: Final = """
SELECT c.id, c.organisation_id, c.name, c.kind, c.contents, c.queues, c.active, c.failures,
    coalesce(c.down_since, c.unheard_since) AS down_since,
    coalesce(c.error, c.unheard_error) AS error, c.open_at, c.well_at, c.took_at,
    w.waiting, w.oldest, d.dead, i.refused
FROM connector c
CROSS JOIN LATERAL (SELECT count(DISTINCT task_id) AS waiting, min(created_at) AS oldest
    FROM outbox WHERE connector_id = c.id AND state = 'waiting') w
CROSS JOIN LATERAL (SELECT count(*) AS dead FROM (
    SELECT task_id FROM outbox WHERE connector_id = c.id AND state = 'dead'
    UNION SELECT task_id FROM inbox WHERE connector_id = c.id AND state = 'dead') l) d
CROSS JOIN LATERAL (SELECT count(*) AS refused FROM inbox WHERE connector_id = c.id
    AND state IN ('refused', 'dead') AND settled_at > %(now)s::timestamptz - interval '7 days') i
WHERE (%(name)s::text IS NULL OR c.name = %(name)s)
ORDER BY c.active DESC, coalesce(c.down_since, c.unheard_since) NULLS LAST, c.name"""

# One line for a task, its newest.
DEAD: Final = """
SELECT * FROM (SELECT DISTINCT ON (o.task_id) o.id, o.task_id, t.queue, o.created_at, o.settled_at,
    o.attempts, o.error FROM outbox o JOIN task t ON t.id = o.task_id
    WHERE o.connector_id = %(connector)s AND o.state = 'dead' ORDER BY o.task_id, o.id DESC) d
ORDER BY settled_at DESC, id DESC LIMIT %(limit)s"""
REFUSED: Final = """
SELECT i.id, i.task_id, t.queue, i.received_at, i.way, i.state, i.reason FROM inbox i
JOIN task t ON t.id = i.task_id
WHERE i.connector_id = %(connector)s AND i.state IN ('refused', 'dead')
ORDER BY i.id DESC LIMIT %(limit)s"""
REPLAY: Final = """
UPDATE outbox SET state = 'waiting', settled_at = NULL, next_action_at = NULL, failed_at = NULL,
    attempts = 0
WHERE connector_id = %(connector)s AND state = 'dead'
  AND (%(task)s::uuid IS NULL OR task_id = %(task)s)"""
# What was done there and was too much for our program.
APPLY_AGAIN: Final = """
UPDATE inbox SET state = 'waiting', settled_at = NULL, reason = NULL
WHERE connector_id = %(connector)s AND state = 'dead'
  AND (%(task)s::uuid IS NULL OR task_id = %(task)s)"""
# At once: whoever presses the button has mended something.
NOW: Final = "UPDATE connector SET open_at = NULL, poll_at = NULL WHERE id = %s"
HURRY: Final = """
UPDATE outbox SET next_action_at = NULL WHERE connector_id = %s AND state = 'waiting'"""
TELL: Final = "NOTIFY outbox"

OF_TASK: Final = """
SELECT c.name, r.remote_id, r.put_at, r.seen_at,
    EXISTS (SELECT FROM outbox o WHERE o.connector_id = c.id AND o.task_id = %(task)s
        AND o.state = 'waiting') AS waiting,
    EXISTS (SELECT FROM outbox o WHERE o.connector_id = c.id AND o.task_id = %(task)s
        AND o.state = 'dead') AS dead
FROM connector c LEFT JOIN remote_task r ON r.connector_id = c.id AND r.task_id = %(task)s
WHERE c.organisation_id = %(organisation)s AND c.active ORDER BY c.name"""


class ConnectorRow(Frozen):
    """A far side and how it is."""

    id: UUID
    organisation_id: UUID
    name: str
    kind: str
    contents: str
    queues: tuple[str, ...]
    active: bool
    failures: int
    down_since: datetime | None
    error: str | None
    """A kind of error, as `http_503`, `ConnectError`."""
    open_at: datetime | None
    """Not asked again before this."""
    well_at: datetime | None
    took_at: datetime | None
    waiting: int
    """Tasks."""
    oldest: datetime | None
    dead: int
    refused: int
    """Changes made there that were not done here, in seven days."""

    @property
    def state(self) -> State:
        """Return the worst that can be said of it."""
        if not self.active:
            return "retired"
        if self.down_since is not None:
            return "failing"
        if self.dead:
            return "dead"
        return "waiting" if self.waiting else "well"


class DeadLetter(Frozen):
    """A task that the far side does not take."""

    id: int
    task_id: UUID
    queue: str
    created_at: datetime
    settled_at: datetime
    attempts: int
    error: str


class NotDone(Frozen):
    """What was done there and not here, and why."""

    id: int
    task_id: UUID
    queue: str
    received_at: datetime
    way: str
    state: str
    reason: str


class Elsewhere(Frozen):
    """Where else a task is, and whether it is told."""

    name: str
    remote_id: str | None
    put_at: datetime | None
    seen_at: datetime | None
    waiting: bool
    dead: bool


def connectors(
    connection: Connection, now: datetime, name: str | None = None
) -> Sequence[ConnectorRow]:
    """Return the far sides that may be seen, the failing first."""
    rows = connection.execute(LIST, {"now": now, "name": name})
    return [ConnectorRow(**row) for row in rows]


def find_connector(connection: Connection, now: datetime, name: str) -> ConnectorRow:
    """Return one. Raises NotFound."""
    found = connectors(connection, now, name)
    if not found:
        raise NotFound(f"No connector {name!r}; `hearthline-gateway connectors list` shows them.")
    return found[0]


def dead_letters(connection: Connection, connector: UUID, limit: int = 100) -> Sequence[DeadLetter]:
    """Return what the far side does not take, the newest first."""
    rows = connection.execute(DEAD, {"connector": connector, "limit": limit})
    return [DeadLetter(**row) for row in rows]


def not_done(connection: Connection, connector: UUID, limit: int = 100) -> Sequence[NotDone]:
    """Return what was done there and refused here, the newest first."""
    rows = connection.execute(REFUSED, {"connector": connector, "limit": limit})
    return [NotDone(**row) for row in rows]


def replay(connection: Connection, connector: UUID, task: UUID | None = None) -> int:
    """Let what is dead be tried again, and what waits at once; return how many were dead.

    Raises NotFound where one task is named and it is not dead.
    """
    of = {"connector": connector, "task": task}
    count = sum(connection.execute(query, of).rowcount for query in (REPLAY, APPLY_AGAIN))
    if task is not None and not count:
        raise NotFound("This task was not given up there.")
    connection.execute(HURRY, [connector])
    connection.execute(NOW, [connector])
    connection.execute(TELL)
    return count


def elsewhere(connection: Connection, organisation: UUID, task: UUID) -> Sequence[Elsewhere]:
    """Return where else a task is, or will be."""
    rows = connection.execute(OF_TASK, {"organisation": organisation, "task": task})
    return [Elsewhere(**row) for row in rows if row["put_at"] or row["waiting"] or row["dead"]]
