"""Subscriptions: who wants to be told that something is new, and how the telling goes."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.storage.database import Connection

# Who looks and tells needs less; who does not come back is taken for dead.
LEASE: Final = timedelta(minutes=1)

ADD: Final = """
INSERT INTO fhir_subscription (id, organisation_id, who, reason, criteria, endpoint, headers,
    ends_at, looked_until, created_at, next_action_at)
VALUES (%(id)s, %(organisation)s, %(who)s, %(reason)s, %(criteria)s, %(endpoint)s, %(headers)s,
    %(ends_at)s, %(now)s, %(now)s, %(now)s)"""
OWN: Final = """
SELECT id, reason, criteria, endpoint, ends_at, status, error, created_at, touched_at
FROM fhir_subscription WHERE who = %(who)s AND (%(id)s::uuid IS NULL OR id = %(id)s)
ORDER BY created_at, id"""
DELETE: Final = "DELETE FROM fhir_subscription WHERE id = %s AND who = %s RETURNING id"
# Of a program that was ended there are no rights.
TAKE: Final = """
UPDATE fhir_subscription s SET next_action_at = %(lease)s
FROM (SELECT id FROM fhir_subscription WHERE next_action_at <= %(now)s
    ORDER BY array_position(%(had)s::uuid[], organisation_id) NULLS FIRST, next_action_at
    LIMIT 1 FOR UPDATE SKIP LOCKED) due
WHERE s.id = due.id
RETURNING s.id, s.organisation_id, s.who, s.criteria, s.endpoint, s.headers, s.ends_at, s.status,
    s.attempts, s.failing_since, s.looked_until,
    (SELECT g.name FROM program g WHERE g.id = s.who) AS name,
    (SELECT g.rights FROM program g WHERE g.id = s.who AND g.disabled_at IS NULL) AS rights"""
WELL: Final = """
UPDATE fhir_subscription SET status = 'active', error = NULL, attempts = 0, failing_since = NULL,
    looked_until = %(until)s, told_at = CASE WHEN %(told)s THEN %(now)s ELSE told_at END,
    touched_at = CASE WHEN status = 'active' THEN touched_at ELSE %(now)s END,
    next_action_at = %(next)s
WHERE id = %(id)s AND status <> 'off'"""
FAILING: Final = """
UPDATE fhir_subscription SET status = 'error', error = %(error)s, attempts = attempts + 1,
    failing_since = coalesce(failing_since, %(now)s), touched_at = %(now)s,
    next_action_at = %(next)s
WHERE id = %(id)s AND status <> 'off'"""
OFF: Final = """
UPDATE fhir_subscription SET status = 'off', error = %(error)s, touched_at = %(now)s,
    next_action_at = NULL, headers = NULL
WHERE id = %(id)s"""


def add_subscription(connection: Connection, given: Mapping[str, Any]) -> None:
    """Add one; what is new is what comes from now on."""
    connection.execute(ADD, given)


def subscriptions_of(
    connection: Connection, who: UUID, only: UUID | None = None
) -> list[dict[str, Any]]:
    """Return those of a program, or the one of this id."""
    return connection.execute(OWN, {"who": who, "id": only}).fetchall()


def delete_subscription(connection: Connection, subscription: UUID, who: UUID) -> bool:
    """Delete one; False: there is none."""
    return connection.execute(DELETE, [subscription, who]).fetchone() is not None


def take_subscription(
    connection: Connection, now: datetime, had: Sequence[UUID] = ()
) -> dict[str, Any] | None:
    """Return one that is due; it is ours for the lease.

    `had` are the organisations that had their turns, the latest last: theirs is the last again.
    """
    given = {"now": now, "lease": now + LEASE, "had": list(had)}
    return connection.execute(TAKE, given).fetchone()


def is_well(
    connection: Connection,
    subscription: UUID,
    until: datetime,
    told: bool,
    now: datetime,
    next_: datetime,
) -> None:
    """Note until when it was looked, and whether somebody was told."""
    given = {"id": subscription, "until": until, "told": told, "now": now, "next": next_}
    connection.execute(WELL, given)


def is_failing(
    connection: Connection, subscription: UUID, error: str, now: datetime, next_: datetime
) -> None:
    """Note that nobody could be told; it is tried again."""
    given = {"id": subscription, "error": error, "now": now, "next": next_}
    connection.execute(FAILING, given)


def is_off(connection: Connection, subscription: UUID, error: str, now: datetime) -> None:
    """Note that nobody is told any more, and why; its secrets go."""
    connection.execute(OFF, {"id": subscription, "error": error, "now": now})
