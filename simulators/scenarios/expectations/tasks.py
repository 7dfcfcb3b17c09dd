"""`tasks: 0`: so many tasks in all, judged when everything is over."""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from simulators.scenarios.expectations.expectation import Expectation, Seen


class Tasks(Expectation):
    """So many tasks and not one more, of a queue or of all."""

    key: ClassVar[str] = "tasks"
    at_the_end: ClassVar[bool] = True

    tasks: Annotated[int, Field(ge=0)]
    queue: Literal["clinical", "adherence", "technical"] | None = None

    def wanted(self) -> str:
        """Return what is expected, in words."""
        return f"{self.tasks} {self.queue or ''} tasks in all {self.who()}".replace("  ", " ")

    def found(self, seen: Seen) -> str | None:
        """Return None where it holds, else what was seen instead."""
        rows = [row for row in self.of(seen.tasks) if self.queue in (None, row["queue"])]
        if len(rows) == self.tasks:
            return None
        told = "; ".join(f"{row['priority']} {row['queue']} {row['rule_key']}" for row in rows)
        return f"{len(rows)}: {told}" if rows else "none"


EXPECTATION: Final = Tasks
