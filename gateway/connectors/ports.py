"""The port to a worklist elsewhere: a connector puts our tasks there, once each, and reads back.

A connector has no state and no database: what must be kept is in the values that it gets and gives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from alerting.model import Queue, Severity
from gateway.care.moves import Status


class Contents(StrEnum):
    """How much of a task may leave the gateway; a connector's file says it."""

    MINIMAL = "minimal"
    """That there is work, of which queue, how urgent, where to read more; at its end, its codes."""
    TITLE = "title"
    """Also the title of the task: `Glucose low`. Never a number, never a name."""
    FULL = "full"
    """Also the sentence, the evidence and what was noted at its end."""


@dataclass(frozen=True, slots=True)
class Patient:
    """Whose task it is. The record elsewhere owns names and addresses, so none is told."""

    id: UUID
    external_id: str | None = None
    """As the clinic's own system has it."""


@dataclass(frozen=True, slots=True)
class Value:
    """One measured value: `component` as `systolic`, UCUM unit."""

    component: str
    value: Decimal
    unit: str
    mdc: int | None = None
    """Its code (ISO/IEEE 11073-10101), which says of which sample and which kind of device."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reading that a task is about."""

    reading: UUID
    device: UUID | None
    measured_at: datetime
    severity: Severity
    sentence: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class End:
    """How a task ended, as codes of gateway/care/dispositions.py. The note only by FULL."""

    urgency: str
    outcome: str
    actionable: bool
    attempts: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """A task as it is now, for one destination.

    What the contents of the destination do not allow is not in it, so that no text can say it.
    """

    task: UUID
    """The key: one task here is one task there, whatever is sent how often."""
    organisation: UUID
    patient: Patient
    alert: UUID | None
    rule: str | None
    queue: Queue
    priority: Severity
    status: Status
    title: str
    owner: str | None
    created_at: datetime
    due_at: datetime
    closed_at: datetime | None
    link: str
    """Where a person reads the rest, after signing in."""
    version: int
    """Grows with every change of it: what is newer."""
    alert_severity: Severity | None = None
    alert_state: str | None = None
    """open, acknowledged or resolved."""
    sentence: str | None = None
    evidence: tuple[Evidence, ...] = ()
    end: End | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What was last seen of a task at the far side."""

    remote_id: str
    version: str | None
    """As the far side numbers its versions: an ETag, a time of change."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A task as the far side has it. What it does not say is None."""

    task: UUID
    remote_id: str
    version: str | None
    changed_at: datetime
    status: Status | None = None
    owner: str | None = None
    """A person's name there; None where it is nobody, a queue or the account that we sign in by."""
    urgency: str | None = None
    outcome: str | None = None
    actionable: bool | None = None
    attempts: int | None = None
    symptom_check: Mapping[str, Any] | None = None
    """As gateway/care/dispositions.py has it, where the far side asked for red flags."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Put:
    """The far side has it now."""

    remote_id: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """Nothing was written: somebody changed it there since `Known`."""

    remote: Remote


@dataclass(frozen=True, slots=True)
class Later:
    """Not now, through no fault of this task; `error` is a kind of error and quotes nothing."""

    error: str
    after: timedelta = timedelta(0)
    """As long as the far side asks to be left alone."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Never like this: somebody must look. `reason` quotes nothing of the task."""

    reason: str


Outcome = Put | Changed | Later | Refused


@dataclass(frozen=True, slots=True)
class Unread:
    """A record of the far side's that nobody can read, and that keeps no other back."""

    error: str
    """A kind of error; it quotes nothing."""
    version: str
    """The same while the record is the same."""
    task: UUID | None = None
    """Whose it is, where that much can be read."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What was changed there. `cursor` is what the next question is asked with."""

    items: Sequence[Remote]
    cursor: str
    more: bool = False
    unread: Sequence[Unread] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request for people to look at: secrets are masked."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


class Connector(Protocol):
    """One far side. Every call ends within 20 s, and may be made again with the same values."""

    def put(self, work: Work, known: Known | None) -> Outcome:
        """Make the far side's task what ours is; create it where it is not there.

        With `known`, nothing is written over a change that it does not know of, as far as the far
        side lets one see that: the answer is `Changed` then.
        """
        ...

    def changes(self, cursor: str | None, now: datetime) -> Changes | Later | Refused:
        """Return what changed there since `cursor`; without one, begin at `now`."""
        ...

    def reads_as(self, status: Status) -> Status:
        """Return what a task that was put in this status is read back as.

        Another one where the far side has fewer states; else `status` itself.
        """
        ...

    def requests(self, work: Work) -> Sequence[Request]:
        """Return what `put` would send for a new task, without sending anything."""
        ...

    def check(self) -> Put | Later | Refused:
        """Look whether the far side lets us in; nothing is written there."""
        ...
