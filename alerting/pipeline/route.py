"""Stage 7: whom a step of a ladder means at this moment: persons, and their ways for a priority."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from alerting.model import Queue, Severity
from alerting.on_call import StandIn, on_call
from alerting.pipeline.escalate import To
from alerting.roster import Roster

CONSOLE: Final = "console"
DEFAULT: Final = To(kind="default")


@dataclass(frozen=True, slots=True)
class Matter:
    """What routes ask of a task."""

    queue: Queue
    priority: Severity
    rule_key: str | None


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address of one person, or a queue of the console, which is nobody's."""

    channel: str
    address: str
    person: str | None = None
    language: str = "en"


def console(queue: Queue) -> Recipient:
    """Return the console's list of a queue, which always takes what nobody else can be told."""
    return Recipient(CONSOLE, f"queue:{queue}")


@dataclass(frozen=True, slots=True)
class Directory:
    """An organisation's roster with its stand-ins by schedule, the newest last."""

    roster: Roster
    stand_ins: Mapping[str, Sequence[StandIn]]

    def persons(self, to: To, matter: Matter, now: datetime) -> tuple[str, ...]:
        """Return the names of those who are meant, each once."""
        return tuple(dict.fromkeys(self._persons(to, matter, now)))

    def _persons(self, to: To, matter: Matter, now: datetime) -> Iterator[str]:
        if to.kind == "routed":
            yield from self._persons(self.routed(matter), matter, now)
        elif to.kind == "default" and self.roster.default:
            yield from self._persons(self.roster.default, matter, now)
        elif to.name is None:
            return
        elif to.kind == "person":
            yield to.name
        elif to.kind == "team":
            yield from self.roster.teams[to.name]
        elif shift := on_call(
            self.roster.schedules[to.name],
            self.stand_ins.get(to.name, ()),
            now,
            self.roster.zone,
        ):
            yield shift.person

    def means_somebody(self, to: To, matter: Matter) -> bool:
        """Tell whether the roster names anybody; where it does not, the console is meant."""
        if to.kind == "routed":
            return self.means_somebody(self.routed(matter), matter)
        return to.kind != "default" or self.roster.default is not None

    def routed(self, matter: Matter) -> To:
        """Return what the first route says that matches; the default where none does."""
        for route in self.roster.routes:
            if (
                route.queue in (None, matter.queue)
                and matter.priority in route.priorities
                and route.rule in (None, matter.rule_key)
            ):
                return route.to
        return DEFAULT


@dataclass(frozen=True, slots=True)
class Routed:
    """Turns targets into addresses."""

    directory: Directory
    matter: Matter

    def __call__(self, items: Sequence[To], now: datetime, /) -> tuple[Recipient, ...]:
        """Return every address that is told, each once."""
        names = (name for to in items for name in self.directory.persons(to, self.matter, now))
        found = (address for name in dict.fromkeys(names) for address in self._ways(name))
        return tuple(dict.fromkeys(found))

    def _ways(self, name: str) -> Iterator[Recipient]:
        person = self.directory.roster.persons.get(name)
        if person is None:
            return
        for contact in person.contacts:
            if not contact.down_to.worse_than(self.matter.priority):
                yield Recipient(contact.channel, contact.address, name, person.language)
