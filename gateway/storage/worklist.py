"""The worklist as screens and programs see it: page by page, by queue, and what is snoozed.

The order is that of index `task_next`: priority, the next deadline, id. So a page costs the same
however long the list is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from alerting.model import Queue, Severity
from device_profiles.reading import Frozen
from gateway.care.moves import CLOSED, Status
from gateway.errors import NotFound
from gateway.storage.closed import CLOSED as CLOSED_TO
from gateway.storage.consents import withdrawn_by
from gateway.storage.database import Connection
from gateway.storage.patients import like

# Of what nobody has taken, the deadline of taking it. As in the index, word for word.
NEXT: Final = (
    "(CASE WHEN t.status = 'requested' THEN coalesce(t.due_ack_at, t.due_at) ELSE t.due_at END)"
)
OPEN: Final = "t.status NOT IN ('completed', 'cancelled', 'entered-in-error')"

ROWS: Final = f"""
SELECT t.id, t.patient_id, p.name AS patient, p.timezone, t.alert_id, t.rule_key, t.direction,
    t.queue, t.priority, t.status, t.title, t.sentence, t.readings, t.device_id, t.owner,
    t.owner_id, t.due_ack_at, t.due_at, {NEXT} AS next_due, t.created_at, t.accepted_at,
    t.closed_at, t.follows, z.until AS snoozed_until, z.owner AS snoozed_by,
    z.reason AS snoozed_why, coalesce(e.banner, false) AS nobody_came,
    t.queue <> 'technical' AND {CLOSED_TO} AS hidden,
    {withdrawn_by("p.id")} AS consent_withdrawn
FROM task t JOIN patient p ON p.id = t.patient_id
LEFT JOIN escalation e ON e.task_id = t.id
LEFT JOIN LATERAL (
    SELECT s.until, s.owner, s.reason FROM suppression h JOIN snooze s ON s.id = h.by_id
    WHERE h.task_id = t.id AND h.what = 'snoozed' AND h.ended_at IS NULL AND s.until > %(now)s
    ORDER BY s.until DESC LIMIT 1) z ON {OPEN}"""  # noqa: S608 - constants only

COUNTS: Final = f"""
SELECT t.queue, count(*) AS open, count(*) FILTER (WHERE {NEXT} < %(now)s) AS overdue,
    count(*) FILTER (WHERE t.owner_id = %(who)s) AS mine,
    count(*) FILTER (WHERE t.status = 'requested') AS untaken
FROM task t JOIN patient p ON p.id = t.patient_id
WHERE {OPEN} AND NOT p.synthetic AND (%(queue)s::text IS NULL OR t.queue = %(queue)s)
GROUP BY t.queue"""  # noqa: S608 - constants only

CONDITIONS: Final = {
    "queue": "t.queue = %(queue)s",
    "priority": "t.priority = %(priority)s",
    "patient": "t.patient_id = %(patient)s",
    "owner": "t.owner_id = %(owner)s",
    "untaken": "t.status = 'requested'",
    "named": "lower(p.name) LIKE '%%' || %(named)s || '%%'",
    "programme": """EXISTS (SELECT FROM programme_member m JOIN programme g ON g.id = m.programme_id
        WHERE m.patient_id = t.patient_id AND g.key = %(programme)s AND m.since <= %(now)s
          AND (m.until IS NULL OR m.until > %(now)s))"""
    # What they are followed for is no more told by the filter than by the row.
    f" AND NOT {CLOSED_TO}",
}
# Of a task of a record that is closed.
UNTOLD: Final[dict[str, Any]] = {
    "title": "",
    "sentence": "",
    "rule_key": None,
    "direction": None,
    "device_id": None,
    "snoozed_why": None,
    "consent_withdrawn": False,
}


class WorkRow(Frozen):
    """A task as a worklist shows it. `sentence` says why; `next_due` is what it is sorted by."""

    id: UUID
    patient_id: UUID
    patient: str
    timezone: str
    alert_id: UUID | None
    rule_key: str | None
    direction: str | None
    queue: Queue
    priority: Severity
    status: Status
    title: str
    sentence: str
    readings: int
    device_id: UUID | None
    owner: str | None
    owner_id: UUID | None
    due_ack_at: datetime | None
    due_at: datetime
    next_due: datetime
    created_at: datetime
    accepted_at: datetime | None
    closed_at: datetime | None
    follows: UUID | None
    snoozed_until: datetime | None
    snoozed_by: str | None
    snoozed_why: str | None
    nobody_came: bool
    """Its ladder has ended without anybody taking it."""
    hidden: bool
    """The patient's record is closed to who asks: there is work, and no word of what it is."""
    consent_withdrawn: bool = False
    """The patient agrees no more to be monitored."""

    def overdue(self, now: datetime) -> bool:
        """Tell whether its next deadline has passed."""
        return self.status not in CLOSED and self.next_due < now


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tasks; what is None or False asks for nothing. `snoozed` None: those too."""

    queue: Queue | None = None
    priority: Severity | None = None
    patient: UUID | None = None
    owner: UUID | None = None
    untaken: bool = False
    named: str = ""
    programme: str = ""
    """By its key."""
    snoozed: bool | None = None
    closed: bool = False
    """Closed ones in place of open ones, the newest end first."""
    viewer: UUID | None = None
    """Who asks; nobody: a program of the site itself, which sees everything."""


@dataclass(frozen=True, slots=True)
class QueueCount:
    """How much lies in a queue."""

    queue: Queue
    open: int = 0
    overdue: int = 0
    mine: int = 0
    untaken: int = 0


def worklist(
    connection: Connection,
    wanted: Wanted,
    now: datetime,
    *,
    after: Sequence[Any] | None = None,
    limit: int = 50,
) -> tuple[WorkRow, ...]:
    """Return tasks, the most urgent first; `after` is `place` of the last one before."""
    given: dict[str, Any] = {"now": now, "limit": limit, "viewer": wanted.viewer}
    where = ["NOT p.synthetic", *_conditions(wanted, given)]
    if wanted.closed:
        where.append(f"NOT ({OPEN})")
        order = "t.closed_at DESC, t.id DESC"
        if after is not None:
            given["at"], given["id"] = after
            where.append("(t.closed_at, t.id) < (%(at)s::timestamptz, %(id)s::uuid)")
    else:
        where.append(OPEN)
        order = f"t.priority, {NEXT}, t.id"
        if after is not None:
            given["urgent"], given["at"], given["id"] = after
            where.append(
                f"(t.priority, {NEXT}, t.id) > (%(urgent)s, %(at)s::timestamptz, %(id)s::uuid)"
            )
    query = f"{ROWS} WHERE {' AND '.join(where)} ORDER BY {order} LIMIT %(limit)s"
    return tuple(_row(row) for row in connection.execute(query, given))


def find_work(
    connection: Connection, task: UUID, now: datetime, viewer: UUID | None = None
) -> WorkRow:
    """Return one task as the worklist shows it. Raises NotFound."""
    given = {"task": task, "now": now, "viewer": viewer}
    row = connection.execute(f"{ROWS} WHERE t.id = %(task)s", given).fetchone()
    if row is None:
        raise NotFound("There is no such task in this organisation.")
    return _row(row)


def _row(row: dict[str, Any]) -> WorkRow:
    if row["hidden"]:
        row = row | UNTOLD
    return WorkRow(**row)


def place(row: WorkRow, wanted: Wanted) -> list[str]:
    """Return what the next page begins after; it tells nothing of a person."""
    if wanted.closed and row.closed_at is not None:
        return [row.closed_at.isoformat(), str(row.id)]
    return [row.priority, row.next_due.isoformat(), str(row.id)]


def counts(
    connection: Connection, now: datetime, who: UUID | None = None, queue: Queue | None = None
) -> tuple[QueueCount, ...]:
    """Return how much is open in each queue, or in one; those without a task are not there."""
    asked = {"now": now, "who": who, "queue": queue}
    return tuple(QueueCount(**row) for row in connection.execute(COUNTS, asked))


def _conditions(wanted: Wanted, given: dict[str, Any]) -> list[str]:
    found = []
    for name, condition in CONDITIONS.items():
        value = getattr(wanted, name)
        if value:
            given[name] = like(value) if name == "named" else value
            found.append(condition)
    if wanted.snoozed is not None:
        found.append(f"z.until IS {'NOT ' if wanted.snoozed else ''}NULL")
    return found
