"""What all expectations share: until when they shall hold, and what they look at."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from simulators.peripherals.spec import Strict
from simulators.scenarios.spans import Forward

USUAL: Final = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one run of a scenario, so far.

    `taken`: lines of taken.jsonl, each with its `home`. Stored readings, tasks and held envelopes
    as `hearthline-gateway watch` tells them, with `home` and `person` put in. `problems`: by home
    and device, the word of the hub. `ends`: when the last thing of the timeline happened.
    """

    ends: datetime
    taken: Sequence[Mapping[str, Any]] = ()
    stored: Sequence[Mapping[str, Any]] = ()
    tasks: Sequence[Mapping[str, Any]] = ()
    held: Sequence[Mapping[str, Any]] = ()
    duplicates: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)
    problems: Mapping[tuple[str, str], str] = field(default_factory=dict)


class Expectation(Strict):
    """One line of `expect`. `within` counts from the end of the timeline, in real seconds."""

    key: ClassVar[str]
    """The field by which a line of the file is known to be of this kind."""
    at_the_end: ClassVar[bool] = False
    """Whether it can only be judged when everything is over, as `nothing more`."""

    within: Forward = USUAL
    home: str | None = None
    person: str | None = None

    @abstractmethod
    def wanted(self) -> str:
        """Return what is expected, in words."""

    @abstractmethod
    def found(self, seen: Seen) -> str | None:
        """Return None where it holds, else what was seen instead."""

    def of(self, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return the rows that are of this home and person."""
        return [
            row
            for row in rows
            if self.home in (None, row.get("home")) and self.person in (None, row.get("person"))
        ]

    def who(self) -> str:
        """Return whom it is about, to end a sentence."""
        return " ".join(f"of {name}" for name in (self.person, self.home) if name)
