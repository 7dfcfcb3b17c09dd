"""`stored: all`, or a number: readings in the database, each once."""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from simulators.scenarios.expectations.expectation import Expectation, Seen
from simulators.scenarios.spans import told


class Stored(Expectation):
    """So many different readings are stored in time; `validity` counts only those of one kind."""

    key: ClassVar[str] = "stored"

    stored: Literal["all"] | Annotated[int, Field(ge=0)]
    validity: Literal["valid", "questionable", "invalid", "control", "test"] | None = None

    def wanted(self) -> str:
        """Return what is expected, in words."""
        kind = f" {self.validity}" if self.validity else ""
        return f"{self.stored}{kind} readings stored {self.who()} within {told(self.within)}"

    def found(self, seen: Seen) -> str | None:
        """Return None where it holds, else what was seen instead."""
        rows = [row for row in self.of(seen.stored) if self.validity in (None, row["validity"])]
        taken = len({(row["home"], row["device"], row["octets"]) for row in self.of(seen.taken)})
        want = taken if self.stored == "all" else self.stored
        in_time = [row for row in rows if row["stored_at"] <= seen.ends + self.within]
        if len(in_time) == want:
            return None
        late = f", {len(rows) - len(in_time)} more came later" if len(rows) > len(in_time) else ""
        return f"{len(in_time)} of {want}{late}"


EXPECTATION: Final = Stored
