"""Many tasks at once, of low priority only; what cannot be done of one leaves the others alone."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from alerting.model import Severity
from gateway.care.hands import assign_task
from gateway.care.snoozes import snooze_task
from gateway.care.tasks import accept_task, lock_task
from gateway.errors import Conflict, NotFound, WrongInput
from gateway.storage.database import Connection

LOW: Final = (Severity.P3, Severity.P4)


class OnlyLow(WrongInput):
    """Tasks of P1 and P2 are looked at one by one."""

    code = "only_low_priority"


def take_all(
    connection: Connection, tasks: Sequence[UUID], person: UUID, name: str, now: datetime
) -> int:
    """Take what nobody has; return how many. Raises OnlyLow, NotFound."""
    return _each(
        connection, tasks, lambda one: accept_task(connection, one, name, now, person=person)
    )


def give_all(
    connection: Connection,
    tasks: Sequence[UUID],
    to: tuple[UUID, str],
    by: tuple[UUID, str],
    now: datetime,
    *,
    note: str = "",
) -> int:
    """Ask somebody for them; what a third person has stays there. Raises OnlyLow, NotFound."""

    def give(task: UUID) -> None:
        if lock_task(connection, task)["owner_id"] not in (None, by[0]):
            raise Conflict
        assign_task(connection, task, *to, by[1], now, note=note)

    return _each(connection, tasks, give)


def snooze_all(
    connection: Connection,
    tasks: Sequence[UUID],
    owner: str,
    reason: str,
    length: timedelta,
    now: datetime,
) -> int:
    """Let them wait; return how many can. Raises OnlyLow, NotFound."""
    return _each(
        connection, tasks, lambda one: snooze_task(connection, one, owner, reason, length, now)
    )


def _each(connection: Connection, tasks: Sequence[UUID], move: Callable[[UUID], object]) -> int:
    """Lock all of them in one order, so that two people cannot wait for each other."""
    many = sorted(set(tasks))
    for task in many:
        if Severity(lock_task(connection, task)["priority"]) not in LOW:
            raise OnlyLow
    return sum(_done(connection, move, task) for task in many)


def _done(connection: Connection, move: Callable[[UUID], object], task: UUID) -> bool:
    try:
        with connection.transaction():
            move(task)
    except (Conflict, WrongInput, NotFound):
        return False
    return True
