"""The port to people: a notifier sends one message by one channel, and says what became of it."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from alerting.model import Queue, Severity


class Purpose(StrEnum):
    """Why somebody is told."""

    NEW = "new"
    REMINDER = "reminder"
    OVERDUE = "overdue"
    DIGEST = "digest"
    TEST = "test"
    WATCHDOG = "watchdog"
    """The whole way was not proved lately: told from outside the gateway."""


class Policy(StrEnum):
    """How much of a task a message may say where it leaves the gateway; an organisation chooses."""

    MINIMAL = "minimal"
    """That there is work, and how urgent."""
    TITLE = "title"
    """Also the title of the task: `Glucose low`. Never a number, never a name."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one address is told. `id` stays the same when it is sent again.

    What the policy does not allow is not in it, so that no text can say it.
    """

    id: UUID
    organisation: UUID
    task: UUID | None
    tasks: int
    priority: Severity
    purpose: Purpose
    channel: str
    address: str
    language: str
    queue: Queue | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """The channel has taken it. `reference` is the channel's own name for it."""

    reference: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now; `error` is a kind of error, never a text that may quote an address."""

    error: str
    after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Refused:
    """Never by this way: an address that does not exist, an account that is closed."""

    reason: str


Outcome = Delivered | Retry | Refused


class Notifier(Protocol):
    """Sends messages by one channel. It may be called again with the same id."""

    def send(self, message: Message) -> Outcome:
        """Send one message within 20 s."""
        ...
