"""What waits to be told elsewhere, what was said there, and how the far sides are: the rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from gateway.connectors.ports import Known, Put, Remote
from gateway.errors import WrongInput
from gateway.storage.database import Connection

REMOTE: Final = TypeAdapter(Remote)

REGISTER: Final = """
INSERT INTO connector AS c (id, organisation_id, name, kind, contents, queues, active)
VALUES (%(id)s, %(organisation)s, %(name)s, %(kind)s, %(contents)s, %(queues)s, true)
ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, contents = excluded.contents,
    queues = excluded.queues, active = true"""
# A name is one far side's for ever: its history stands under it.
TAKEN: Final = """
SELECT name FROM connector WHERE name = %(name)s AND organisation_id <> %(organisation)s"""
ORGANISATION: Final = "SELECT FROM organisation WHERE id = %(organisation)s"
ACTIVE: Final = "SELECT FROM connector WHERE id = %s AND active"
# While connectors.toml is wrong. Who failed before says why, as before.
FILE_WRONG: Final = "connectors_toml_wrong"
NOT_SERVED: Final = """
UPDATE connector SET down_since = clock_timestamp(), error = %s
WHERE active AND down_since IS NULL"""
SERVED: Final = "UPDATE connector SET down_since = NULL, error = NULL WHERE error = %s"
RETIRE: Final = "UPDATE connector SET active = false WHERE active AND id <> ALL(%s)"
# Who is new is told of everything that is open; who was away, also of what was closed meanwhile.
# Whoever was here all the time: of what is open and was never told, as when it has another queue.
ALL_OPEN: Final = """
INSERT INTO outbox (organisation_id, connector_id, task_id)
SELECT t.organisation_id, c.id, t.id FROM connector c
JOIN task t ON t.organisation_id = c.organisation_id AND t.queue = ANY(c.queues)
JOIN patient p ON p.id = t.patient_id AND NOT p.synthetic
LEFT JOIN remote_task r ON r.connector_id = c.id AND r.task_id = t.id
WHERE c.id = %(id)s AND CASE WHEN %(was_here)s
    THEN t.closed_at IS NULL AND r.put_at IS NULL AND NOT EXISTS (SELECT FROM outbox o
        WHERE o.connector_id = c.id AND o.task_id = t.id AND o.state <> 'sent')
    ELSE t.closed_at IS NULL
        OR r.put_status NOT IN ('completed', 'cancelled', 'entered-in-error') END
ORDER BY t.created_at"""

# What was told before it could be heard: who puts it again meets what was done to it meanwhile.
LOOK_AT_ALL: Final = """
INSERT INTO outbox (organisation_id, connector_id, task_id)
SELECT organisation_id, connector_id, task_id FROM remote_task
WHERE connector_id = %s AND put_at IS NOT NULL"""

# One courier for a far side, whichever process: the lock goes with its connection.
LOCK: Final = "SELECT pg_try_advisory_lock(18509, hashtext(%s)) AS held"
UNLOCK: Final = "SELECT pg_advisory_unlock(18509, hashtext(%s))"
STATE: Final = "SELECT * FROM connector WHERE id = %s AND active"

# The oldest change first. Whose far side has said something is told after that was applied.
NEXT: Final = """
SELECT task_id FROM outbox o WHERE connector_id = %(connector)s AND state = 'waiting'
  AND (next_action_at IS NULL OR next_action_at <= %(now)s)
  AND NOT EXISTS (SELECT FROM inbox i WHERE i.connector_id = o.connector_id
      AND i.task_id = o.task_id AND i.state = 'waiting')
ORDER BY id LIMIT 1"""
ROWS: Final = """
SELECT id, attempts, failed_at FROM outbox
WHERE connector_id = %s AND task_id = %s AND state = 'waiting' ORDER BY id FOR UPDATE"""
TRIED: Final = """
INSERT INTO remote_task AS r (connector_id, task_id, organisation_id, tried_status, tried_owner)
VALUES (%(connector)s, %(task)s, %(organisation)s, %(status)s, %(owner)s)
ON CONFLICT (connector_id, task_id) DO UPDATE
SET tried_status = excluded.tried_status, tried_owner = excluded.tried_owner
RETURNING remote_id, version"""
SENT: Final = """
UPDATE outbox SET state = 'sent', settled_at = %(now)s, error = NULL WHERE id = ANY(%(ids)s)"""
# What was dead of this task is told by this, too.
REVIVED: Final = """
UPDATE outbox SET state = 'sent', settled_at = %(now)s
WHERE connector_id = %(connector)s AND task_id = %(task)s AND state = 'dead'"""
REMEMBER: Final = """
UPDATE remote_task SET remote_id = %(remote_id)s, version = %(version)s, put_status = %(status)s,
    put_owner = %(owner)s, put_at = %(now)s
WHERE connector_id = %(connector)s AND task_id = %(task)s"""
PUT_OFF: Final = """
UPDATE outbox SET attempts = attempts + 1, failed_at = coalesce(failed_at, %(now)s),
    next_action_at = %(next)s, error = %(error)s WHERE id = ANY(%(ids)s)"""
DEAD: Final = """
UPDATE outbox SET state = 'dead', settled_at = %(now)s, error = %(error)s,
    attempts = attempts + 1 WHERE id = ANY(%(ids)s)"""
WELL: Final = """
UPDATE connector SET failures = 0, down_since = NULL, error = NULL, open_at = NULL,
    well_at = %(now)s, next_call_at = %(next)s WHERE id = %(id)s"""
DOWN: Final = """
UPDATE connector SET failures = failures + 1, down_since = coalesce(down_since, %(now)s),
    error = %(error)s, open_at = %(open)s, next_call_at = %(next)s WHERE id = %(id)s"""
TOOK: Final = "UPDATE connector SET took_at = %s WHERE id = %s"
POLLED: Final = """
UPDATE connector SET cursor = %(cursor)s, poll_at = %(again)s, next_call_at = %(next)s,
    unheard_since = NULL, unheard_error = NULL
WHERE id = %(id)s"""

POLL_LATER: Final = """
UPDATE connector SET poll_at = %(later)s, unheard_since = coalesce(unheard_since, %(now)s),
    unheard_error = error
WHERE id = %(id)s"""
LOOK: Final = "UPDATE connector SET poll_at = least(poll_at, clock_timestamp()) WHERE id = %s"
WAITS: Final = "SELECT FROM outbox WHERE connector_id = %s AND state = 'waiting' LIMIT 1"

# Of another organisation's task, or of none, a far side has nothing to say. What was written last
# by us is no news.
RECEIVE: Final = """
INSERT INTO inbox (organisation_id, connector_id, task_id, version, changed_at, way, body,
    received_at)
SELECT t.organisation_id, c.id, t.id, %(version)s, %(changed_at)s, %(way)s, %(body)s, %(now)s
FROM connector c JOIN task t ON t.id = %(task)s AND t.organisation_id = c.organisation_id
LEFT JOIN remote_task r ON r.connector_id = c.id AND r.task_id = t.id
WHERE c.id = %(connector)s AND c.active
  AND (%(way)s = 'put' OR r.version IS DISTINCT FROM %(version)s)
ON CONFLICT (connector_id, task_id, version, changed_at) DO """
ONCE: Final = RECEIVE + "NOTHING"
# What nobody can read of one of our tasks, once while it is the same.
UNREAD: Final = """
INSERT INTO inbox (organisation_id, connector_id, task_id, version, changed_at, way, body,
    received_at, state, settled_at, reason)
SELECT t.organisation_id, c.id, t.id, %(version)s, %(now)s, 'poll', '{}', %(now)s, 'refused',
    %(now)s, %(reason)s
FROM connector c JOIN task t ON t.id = %(task)s AND t.organisation_id = c.organisation_id
WHERE c.id = %(connector)s AND c.active AND NOT EXISTS (SELECT FROM inbox i
    WHERE i.connector_id = c.id AND i.task_id = t.id AND i.version = %(version)s)"""
# What a put met is looked at again, even where a poll has brought it.
AGAIN: Final = (
    RECEIVE
    + """UPDATE SET state = 'waiting', settled_at = NULL, reason = NULL
WHERE inbox.state <> 'waiting'"""
)
ARRIVED: Final = """
SELECT id, organisation_id, task_id, version, way, body FROM inbox
WHERE connector_id = %s AND state = 'waiting' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"""
SETTLE_INBOX: Final = """
UPDATE inbox SET state = %(state)s, settled_at = %(now)s, reason = %(reason)s WHERE id = %(id)s"""
SEEN: Final = """
INSERT INTO remote_task AS r (connector_id, task_id, organisation_id, remote_id, version, seen_at,
    changed_at)
VALUES (%(connector)s, %(task)s, %(organisation)s, %(remote_id)s, %(version)s, %(now)s,
    %(changed_at)s)
ON CONFLICT (connector_id, task_id) DO UPDATE SET remote_id = excluded.remote_id,
    version = excluded.version, seen_at = excluded.seen_at, changed_at = excluded.changed_at"""
# With what was heard the next is compared: who goes back to what we put changes it, too.
HEARD: Final = """
UPDATE remote_task SET
    put_status = CASE WHEN %(status)s::text IS NULL OR %(status)s IN (put_status, tried_status)
        THEN put_status ELSE %(status)s END,
    tried_status = CASE WHEN %(status)s::text IS NULL OR %(status)s IN (put_status, tried_status)
        THEN tried_status END,
    put_owner = CASE WHEN %(owner)s::text IS NULL OR %(owner)s IN (put_owner, tried_owner)
        THEN put_owner ELSE %(owner)s END,
    tried_owner = CASE WHEN %(owner)s::text IS NULL OR %(owner)s IN (put_owner, tried_owner)
        THEN tried_owner END
WHERE connector_id = %(connector)s AND task_id = %(task)s"""
BASE: Final = """
SELECT remote_id, version, put_status, tried_status, put_owner, tried_owner, changed_at
FROM remote_task WHERE connector_id = %s AND task_id = %s"""
WRITE_BACK: Final = """
INSERT INTO outbox (organisation_id, connector_id, task_id) VALUES (%s, %s, %s)"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task that the far side has to be told of: the rows that say so, and what became of them."""

    task: UUID
    rows: Sequence[int]
    attempts: int
    failed_at: datetime | None


def check(connection: Connection, connectors: Sequence[Mapping[str, Any]]) -> None:
    """Look whether the file fits the database. Raises WrongInput."""
    for each in connectors:
        if connection.execute(TAKEN, each).fetchone():
            raise WrongInput(
                f"{each['name']} was a connector of another organisation: give it another name."
            )
        if connection.execute(ORGANISATION, each).fetchone() is None:
            unknown = f"{each['name']}.organisation: there is no organisation of this id."
            raise WrongInput(unknown)


def register(connection: Connection, connectors: Sequence[Mapping[str, Any]]) -> None:
    """Make the table what the file is; a far side is told of all that it does not know.

    Raises WrongInput.
    """
    check(connection, connectors)
    for each in connectors:
        was_here = connection.execute(ACTIVE, [each["id"]]).fetchone() is not None
        connection.execute(REGISTER, each)
        connection.execute(ALL_OPEN, {"id": each["id"], "was_here": was_here})
    connection.execute(RETIRE, [[each["id"] for each in connectors]])
    connection.execute(SERVED, [FILE_WRONG])


def not_served(connection: Connection) -> None:
    """Mark the far sides that there were: nobody serves them while the file is wrong."""
    connection.execute(NOT_SERVED, [FILE_WRONG])


def next_waiting(connection: Connection, connector: UUID, now: datetime) -> Waiting | None:
    """Return what is to be told next, its rows locked until the end of the transaction."""
    found = connection.execute(NEXT, {"connector": connector, "now": now}).fetchone()
    if found is None:
        return None
    rows = connection.execute(ROWS, [connector, found["task_id"]]).fetchall()
    return Waiting(
        task=found["task_id"],
        rows=[row["id"] for row in rows],
        attempts=max(row["attempts"] for row in rows),
        failed_at=min((row["failed_at"] for row in rows if row["failed_at"]), default=None),
    )


def about_to_put(
    connection: Connection,
    connector: UUID,
    organisation: UUID,
    task: UUID,
    status: str,
    owner: str | None,
) -> Known | None:
    """Keep what is about to be written there; return what is known of the task."""
    row = connection.execute(
        TRIED,
        {
            "connector": connector,
            "organisation": organisation,
            "task": task,
            "status": status,
            "owner": owner,
        },
    ).fetchone()
    if row is None or row["remote_id"] is None:
        return None
    return Known(row["remote_id"], row["version"])


def was_put(
    connection: Connection,
    connector: UUID,
    waiting: Waiting,
    put: Put,
    status: str,
    owner: str | None,
    now: datetime,
) -> None:
    """Settle what the far side has now."""
    row = {"connector": connector, "task": waiting.task, "now": now, "ids": list(waiting.rows)}
    connection.execute(SENT, row)
    connection.execute(REVIVED, row)
    written = {"status": status, "owner": owner}
    told = {"remote_id": put.remote_id, "version": put.version}
    connection.execute(REMEMBER, row | written | told)


def _storable(value: Any) -> Any:
    """Leave out what a JSON text may have and a database may not: NUL, halves of characters."""
    if isinstance(value, str):
        return value.replace("\0", "").encode(errors="replace").decode()
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(each) for key, each in value.items()}
    return value


def receive(
    connection: Connection, connector: UUID, remote: Remote, way: str, now: datetime
) -> bool:
    """Keep what somebody did there, once; say whether it is news."""
    row = {
        "connector": connector,
        "task": remote.task,
        "version": _storable(remote.version or remote.changed_at.isoformat()),
        "changed_at": remote.changed_at,
        "way": way,
        "body": Jsonb(_storable(REMOTE.dump_python(remote, mode="json"))),
        "now": now,
    }
    return connection.execute(AGAIN if way == "put" else ONCE, row).rowcount > 0
