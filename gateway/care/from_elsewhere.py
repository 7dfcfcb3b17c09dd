"""What somebody did to a task at a far side, done to ours: the rules of docs/adr/0025.

Three are compared: what we last put there, what is there now, what we have. What differs from what
we put was changed there, and wins: who has it, how far it is. How urgent it is, and when it is due,
is said here only. What is closed here stays closed, and nothing closes without its coded end: what
is refused is told there by putting our task again, and stands in the task's history.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from alerting.words import template
from gateway.care.dispositions import Disposition
from gateway.care.hands import assign_task, move_task, release_task
from gateway.care.moves import CLOSED, Status
from gateway.care.tasks import accept_task, complete_task, lock_task
from gateway.connectors.ports import Remote
from gateway.errors import GatewayError
from gateway.storage.database import Connection
from gateway.storage.events import record

WAYS: Final[Mapping[Status, Sequence[Status]]] = {
    Status.REQUESTED: (),
    Status.ACCEPTED: (Status.ACCEPTED,),
    Status.IN_PROGRESS: (Status.ACCEPTED, Status.IN_PROGRESS),
    Status.ON_HOLD: (Status.ACCEPTED, Status.ON_HOLD),
}

# Somebody of ours by this name, and only one: else it is a name without an account.
BY_NAME: Final = """
SELECT p.id FROM person p WHERE lower(p.name) = lower(%(name)s) AND p.disabled_at IS NULL
  AND EXISTS (SELECT FROM membership m WHERE m.person_id = p.id
      AND m.organisation_id = %(organisation)s)"""

CLOSED_HERE: Final = template("it is closed here")
NO_END: Final = template("it was closed there without saying what came of it")
NOT_AN_END: Final = template("what came of it is not one of our codes")


@dataclass(frozen=True, slots=True)
class Before:
    """What the far side had from us, or was seen to have: nobody's change if it has it still."""

    statuses: frozenset[str]
    owners: frozenset[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of it: `applied`, `unchanged` or `refused`, and why."""

    state: str
    reason: str | None = None


UNCHANGED: Final = Verdict("unchanged")
APPLIED: Final = Verdict("applied")


def apply(
    connection: Connection, remote: Remote, before: Before, by: str, now: datetime
) -> Verdict:
    """Do to our task what was done to the far side's. `by` is the connector, as history has it."""
    row = lock_task(connection, remote.task)
    status = remote.status if remote.status not in before.statuses else None
    owner = remote.owner if remote.owner not in before.owners else None
    same = status in (None, row["status"]) and owner in (None, row["owner"])
    if same:
        return UNCHANGED
    if Status(row["status"]) in CLOSED:
        return UNCHANGED if status in CLOSED else Verdict("refused", CLOSED_HERE)
    try:
        with connection.transaction():
            _move(connection, remote, row, status, owner, by, now)
            moved = _place(lock_task(connection, remote.task)) != _place(row)
    except _NotLikeThis as error:
        return Verdict("refused", error.reason)
    except GatewayError as error:
        return Verdict("refused", str(error))
    return APPLIED if moved else UNCHANGED


def refused(
    connection: Connection, organisation: UUID, task: UUID, by: str, reason: str, now: datetime
) -> None:
    """Say in the task's history what was not done, and why."""
    record(connection, organisation, "refused_elsewhere", now, task=task, actor=by, reason=reason)


class _NotLikeThis(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _move(
    connection: Connection,
    remote: Remote,
    row: Mapping[str, Any],
    status: Status | None,
    owner: str | None,
    by: str,
    now: datetime,
) -> None:
    if status in CLOSED:
        _close(connection, remote, row, owner, by, now)
        return
    if status is Status.REQUESTED and _taken(row):
        release_task(connection, remote.task, by, now)
        row = lock_task(connection, remote.task)
    if owner is not None and owner != row["owner"]:
        _give(connection, remote.task, row, owner, status, by, now)
    wanted = status or Status(row["status"])
    _walk(connection, remote.task, wanted, _who(remote, row, owner, by), by, now)


def _taken(row: Mapping[str, Any]) -> bool:
    return row["accepted_at"] is not None


def _place(row: Mapping[str, Any]) -> tuple[str, str | None]:
    return row["status"], row["owner"]


def _who(remote: Remote, row: Mapping[str, Any], owner: str | None, by: str) -> str:
    """Return who has it: whose name is new there, else who has it here, else who has it there."""
    return owner or row["owner"] or remote.owner or by


def _give(
    connection: Connection,
    task: UUID,
    row: Mapping[str, Any],
    owner: str,
    status: Status | None,
    by: str,
    now: datetime,
) -> None:
    """Let somebody have it: who has taken it there has taken it here, whoever had it before."""
    if _taken(row) and row["owner"] != owner:
        release_task(connection, task, by, now, note=f"{owner} has it there")
    person = _person(connection, row["organisation_id"], owner)
    if status in (None, Status.REQUESTED) and not _taken(row):
        assign_task(connection, task, person, owner, by, now)
        return
    accept_task(connection, task, owner, now, person=person)


def _walk(
    connection: Connection, task: UUID, to: Status, owner: str, by: str, now: datetime
) -> None:
    """Go on to a state by the moves that a task allows."""
    for step in WAYS[to]:
        row = lock_task(connection, task)
        at = Status(row["status"])
        if at is step or (step is Status.ACCEPTED and at is not Status.REQUESTED):
            continue
        if step is Status.ACCEPTED:
            person = _person(connection, row["organisation_id"], owner)
            accept_task(connection, task, owner, now, person=person)
        else:
            move_task(connection, task, step, by, now)


def _close(
    connection: Connection,
    remote: Remote,
    row: Mapping[str, Any],
    owner: str | None,
    by: str,
    now: datetime,
) -> None:
    name = _who(remote, row, owner, by)
    if not _taken(row):
        person = _person(connection, row["organisation_id"], name)
        accept_task(connection, remote.task, name, now, person=person)
    complete_task(connection, remote.task, name, _end(remote), now)


def _end(remote: Remote) -> Disposition:
    if remote.outcome is None or remote.urgency is None or remote.actionable is None:
        raise _NotLikeThis(NO_END)
    try:
        return Disposition.model_validate(
            {
                "urgency": remote.urgency,
                "outcome": remote.outcome,
                "actionable": remote.actionable,
                "attempts": remote.attempts,
                "symptom_check": remote.symptom_check,
                "note": remote.note,
            }
        )
    except ValidationError:
        raise _NotLikeThis(NOT_AN_END) from None


def _person(connection: Connection, organisation: UUID, name: str) -> UUID | None:
    rows = connection.execute(BY_NAME, {"organisation": organisation, "name": name}).fetchall()
    return rows[0]["id"] if len(rows) == 1 else None
