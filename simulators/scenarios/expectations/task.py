"""`task: P1`: a task of that priority for a person was opened in time, and not twice."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from simulators.scenarios.expectations.expectation import Expectation, Seen
from simulators.scenarios.spans import told


class Task(Expectation):
    """So many tasks, by default one, in time. Further words narrow which are meant."""

    key: ClassVar[str] = "task"

    task: Literal["P1", "P2", "P3", "P4"]
    count: Annotated[int, Field(ge=1)] = 1
    rule: str | None = None
    queue: Literal["clinical", "adherence", "technical"] | None = None
    says: str | None = None
    """What its sentence has in it."""

    def wanted(self) -> str:
        """Return what is expected, in words."""
        about = " ".join(word for word in (self.task, self.queue, self.rule) if word)
        return f"{self.count} task {about} {self.who()} within {told(self.within)}"

    def found(self, seen: Seen) -> str | None:
        """Return None where it holds, else what was seen instead."""
        theirs = self.of(seen.tasks)
        meant = [row for row in theirs if self._meant(row)]
        limit = seen.ends + self.within
        if len(meant) == self.count and all(row["created_at"] <= limit for row in meant):
            return None
        if not theirs:
            return "no task at all"
        return "; ".join(self._told(row, seen) for row in theirs)

    def _meant(self, row: Mapping[str, Any]) -> bool:
        return (
            row["priority"] == self.task
            and self.queue in (None, row["queue"])
            and self.rule in (None, row["rule_key"])
            and (self.says or "") in row["text"]
        )

    def _told(self, row: Mapping[str, Any], seen: Seen) -> str:
        after = (row["created_at"] - seen.ends).total_seconds()
        return f"{row['priority']} {row['queue']} {row['rule_key']} after {after:.1f} s"


EXPECTATION: Final = Task
