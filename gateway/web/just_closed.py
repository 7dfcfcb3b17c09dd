"""What the worklist says to who has just closed a task: that it is done, and what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from gateway.access.rights import Right
from gateway.api.call import Call
from gateway.api.tasks_shown import find
from gateway.care.dispositions import Outcome
from gateway.care.moves import Status
from gateway.care.tasks import show_task
from gateway.errors import NotFound
from gateway.storage.worklist import WorkRow

OPEN: Final = frozenset({Status.REQUESTED, Status.ACCEPTED, Status.IN_PROGRESS})


@dataclass(frozen=True, slots=True)
class JustClosed:
    """The task, what came of it for who may know it, and the next that somebody may work on."""

    task: WorkRow
    outcome: Outcome | None
    next: WorkRow | None


def just_closed(call: Call, task: UUID | None, rows: Sequence[WorkRow]) -> JustClosed | None:
    """Return what is said; None where this person did not close it. `rows` are in their order."""
    if task is None:
        return None
    try:
        row = find(call, task)
    except NotFound:
        return None
    detail = show_task(call.connection, task)
    if row.hidden or row.status is not Status.COMPLETED or detail.closed_by != call.who.name:
        return None
    ended = detail.disposition if call.who.may(Right.TASKS_READ) else None
    outcome = ended.outcome if ended else None
    return JustClosed(row, outcome, next((one for one in rows if _waits(one, call.who.id)), None))


def _waits(row: WorkRow, person: UUID) -> bool:
    """Say whether it is this person's to do now, or anybody's."""
    mine = row.owner_id in {None, person}
    return mine and row.status in OPEN and not row.hidden and row.snoozed_until is None
