"""`waiting: 1`: so many measurements are still in the memory of a device, and nowhere else."""

from typing import Annotated, ClassVar, Final

from pydantic import Field

from simulators.scenarios.expectations.expectation import Expectation, Seen


class Waiting(Expectation):
    """So many were taken, and could not be delivered yet."""

    key: ClassVar[str] = "waiting"
    at_the_end: ClassVar[bool] = True

    waiting: Annotated[int, Field(ge=1)]

    def wanted(self) -> str:
        """Return what is expected, in words."""
        return f"{self.waiting} waiting in devices {self.who()}"

    def found(self, seen: Seen) -> str | None:
        """Return None where it holds, else what was seen instead."""
        taken = len({(row["home"], row["device"], row["octets"]) for row in self.of(seen.taken)})
        rest = taken - len(self.of(seen.stored)) - len(self.of(seen.held))
        return None if rest == self.waiting else f"{rest}"


EXPECTATION: Final = Waiting
