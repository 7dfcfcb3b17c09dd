"""`held: 1`: so many envelopes wait in quarantine, for a reason."""

from collections import Counter
from typing import Annotated, ClassVar, Final

from pydantic import Field

from simulators.scenarios.expectations.expectation import Expectation, Seen
from simulators.scenarios.spans import told


class Held(Expectation):
    """So many are kept, and charted never, until somebody has looked."""

    key: ClassVar[str] = "held"

    held: Annotated[int, Field(ge=0)]
    reason: str | None = None

    def wanted(self) -> str:
        """Return what is expected, in words."""
        why = f" as {self.reason}" if self.reason else ""
        return f"{self.held} held{why} {self.who()} within {told(self.within)}"

    def found(self, seen: Seen) -> str | None:
        """Return None where it holds, else what was seen instead."""
        rows = self.of(seen.held)
        meant = [row for row in rows if self.reason in (None, row["text"])]
        if len(meant) == self.held:
            return None
        reasons = Counter(row["text"] for row in rows)
        return ", ".join(f"{n} as {reason}" for reason, n in sorted(reasons.items())) or "none"


EXPECTATION: Final = Held
