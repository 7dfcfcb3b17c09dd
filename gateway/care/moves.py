"""Which moves a task allows: the states of FHIR Task and what may follow what. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Final
from uuid import UUID

from alerting.model import Severity
from gateway.care.dispositions import Disposition, Urgency
from gateway.errors import Conflict, WrongInput


class Status(StrEnum):
    """The states of a task, as FHIR names them."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in-progress"
    ON_HOLD = "on-hold"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    ENTERED_IN_ERROR = "entered-in-error"


CLOSED: Final = frozenset({Status.COMPLETED, Status.CANCELLED, Status.ENTERED_IN_ERROR})
# Back to everybody, or to its end.
_ENDS: Final = frozenset({Status.REQUESTED, Status.COMPLETED, Status.ENTERED_IN_ERROR})
# Only the program cancels, and only what nobody has taken; people complete, or say it was an error.
MOVES: Final[Mapping[Status, frozenset[Status]]] = MappingProxyType(
    {
        Status.REQUESTED: frozenset({Status.ACCEPTED, Status.CANCELLED, Status.ENTERED_IN_ERROR}),
        Status.ACCEPTED: frozenset({Status.IN_PROGRESS, Status.ON_HOLD, *_ENDS}),
        Status.IN_PROGRESS: frozenset({Status.ON_HOLD, *_ENDS}),
        Status.ON_HOLD: frozenset({Status.IN_PROGRESS, *_ENDS}),
        **dict.fromkeys(CLOSED, frozenset[Status]()),
    }
)


# The patient may be on the telephone already when the task comes.
ASKED_BEFORE: Final = timedelta(hours=1)
CLOCKS_DIFFER: Final = timedelta(minutes=1)
URGENT: Final = frozenset({Urgency.EMERGENCY_NOW, Urgency.HOSPITAL_TODAY})


class MoveNotAllowed(Conflict):
    """This task cannot go there from where it is."""

    code: ClassVar[str] = "move_not_allowed"


class AlreadyTaken(MoveNotAllowed):
    """Somebody else was faster."""

    code: ClassVar[str] = "already_taken"


class SymptomCheckMissing(WrongInput):
    """A P1 task is completed only with a recorded symptom check."""

    code: ClassVar[str] = "symptom_check_missing"


class SymptomCheckOld(WrongInput):
    """Symptoms are asked for this task: not more than an hour before it came, not in the future."""

    code: ClassVar[str] = "symptom_check_old"


class UrgencyTooLow(WrongInput):
    """A symptom was told that cannot wait: choose emergency or hospital, or correct the answer."""

    code: ClassVar[str] = "urgency_too_low"


class NotDecided(Conflict):
    """Say whose the held reading is first, on the console's page of held readings (/held)."""

    code: ClassVar[str] = "not_decided"


def check_move(now: Status, to: Status) -> None:
    """Raise MoveNotAllowed, which says what is possible instead."""
    if to in MOVES[now]:
        return
    possible = ", ".join(sorted(MOVES[now])) or "nothing, it is closed"
    raise MoveNotAllowed(f"It is {now}; possible from there: {possible}.")


def check_free(now: Status, owner: str | None, since: datetime | None) -> None:
    """Raise AlreadyTaken, which says who has it."""
    if since is not None and now not in CLOSED:
        raise AlreadyTaken(f"{owner} has it, since {since:%Y-%m-%d %H:%M} UTC.")


def check_completion(
    status: Status, priority: Severity, ended: Disposition, since: datetime, now: datetime
) -> None:
    """Look whether a task that is there `since` may end so `now`.

    Raises MoveNotAllowed, SymptomCheckMissing, SymptomCheckOld, UrgencyTooLow.
    """
    check_move(status, Status.COMPLETED)
    check = ended.symptom_check
    if check is None:
        if priority is Severity.P1:
            raise SymptomCheckMissing
        return
    if not since - ASKED_BEFORE <= check.at <= now + CLOCKS_DIFFER:
        raise SymptomCheckOld
    if check.red_flags and ended.urgency not in URGENT:
        raise UrgencyTooLow


def check_decided(held: Sequence[UUID]) -> None:
    """Raise NotDecided where readings are held until somebody says whose they are."""
    if held:
        ids = " ".join(map(str, held))
        raise NotDecided(
            "Nobody has said whose the held reading is, and it would stay held. Ask the patient, "
            f"then say it there, or by `hearthline-gateway quarantine confirm {ids}` if it is the "
            "patient's, `quarantine refuse` if it is not."
        )


def closes_by_itself(now: Status, priority: Severity) -> bool:
    """Tell whether a resolved alert may cancel its task: P3 and P4 that nobody has taken."""
    return now is Status.REQUESTED and priority in (Severity.P3, Severity.P4)
