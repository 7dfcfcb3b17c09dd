"""`problem: bond_lost`: what the hub tells of a device, for the technician's eyes."""

from typing import ClassVar, Final

from simulators.scenarios.expectations.expectation import Expectation, Seen
from simulators.scenarios.spans import told


class Problem(Expectation):
    """The hub has that word for the device; `none` says that it has none."""

    key: ClassVar[str] = "problem"

    problem: str
    device: str

    def wanted(self) -> str:
        """Return what is expected, in words."""
        return f"the hub says {self.problem} of {self.device} within {told(self.within)}"

    def found(self, seen: Seen) -> str | None:
        """Return None where it holds, else what was seen instead."""
        words = {
            word
            for (home, device), word in seen.problems.items()
            if device == self.device and self.home in (None, home)
        }
        return None if words == {self.problem} else ", ".join(sorted(words)) or "nothing yet"


EXPECTATION: Final = Problem
