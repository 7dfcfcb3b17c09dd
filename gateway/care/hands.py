"""Who has a task: asked of somebody, handed over, given back, begun, waiting for the patient."""

from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.care.moves import CLOSED, MoveNotAllowed, Status, check_move
from gateway.care.tasks import TELL, lock_task
from gateway.storage.database import Connection
from gateway.storage.events import record

ASSIGN: Final = "UPDATE task SET owner = %(owner)s, owner_id = %(id)s WHERE id = %(task)s"
# Its ladder goes on from where it is: deadlines do not wait for people's hands.
RELEASE: Final = """
UPDATE task SET status = 'requested', owner = NULL, owner_id = NULL, accepted_at = NULL
WHERE id = %s"""
REOPEN: Final = """
UPDATE alert SET state = 'open', updated_at = %(now)s
WHERE task_id = %(task)s AND state = 'acknowledged'"""
MOVE: Final = "UPDATE task SET status = %s WHERE id = %s"


def assign_task(
    connection: Connection,
    task: UUID,
    to: UUID | None,
    name: str,
    by: str,
    now: datetime,
    *,
    note: str = "",
) -> None:
    """Ask somebody for a task, or hand it over. Who is asked has not taken it yet, either way:
    its ladder goes on until they do, since they may be away. `to` is None for who has no account.

    Raises NotFound, MoveNotAllowed.
    """
    row = lock_task(connection, task)
    if Status(row["status"]) in CLOSED:
        raise MoveNotAllowed("It is closed.")
    handed = Status(row["status"]) is not Status.REQUESTED
    if handed and row["owner_id"] != to:
        connection.execute(RELEASE, [task])
        connection.execute(REOPEN, {"task": task, "now": now})
    connection.execute(ASSIGN, {"owner": name, "id": to, "task": task})
    event = "task_handed_over" if handed else "task_assigned"
    detail = {"to": name, "from": row["owner"], "note": note}
    record(connection, row["organisation_id"], event, now, task=task, actor=by, **detail)
    connection.execute(TELL, [str(task)])


def release_task(
    connection: Connection, task: UUID, by: str, now: datetime, *, note: str = ""
) -> None:
    """Give a task back to everybody. Raises NotFound, MoveNotAllowed."""
    row = lock_task(connection, task)
    check_move(Status(row["status"]), Status.REQUESTED)
    connection.execute(RELEASE, [task])
    connection.execute(REOPEN, {"task": task, "now": now})
    detail = {"from": row["owner"], "note": note}
    record(connection, row["organisation_id"], "task_released", now, task=task, actor=by, **detail)
    connection.execute(TELL, [str(task)])


def move_task(connection: Connection, task: UUID, to: Status, by: str, now: datetime) -> None:
    """Begin with a task, or let it wait for the patient. Raises NotFound, MoveNotAllowed."""
    row = lock_task(connection, task)
    check_move(Status(row["status"]), to)
    connection.execute(MOVE, [to, task])
    event = "task_begun" if to is Status.IN_PROGRESS else "task_waits"
    record(connection, row["organisation_id"], event, now, task=task, actor=by)
    connection.execute(TELL, [str(task)])
