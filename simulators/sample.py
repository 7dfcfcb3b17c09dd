"""A Sample: one measurement of one person, from a recording or a virtual patient."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

# Units are UCUM.
MMHG: Final = "mm[Hg]"
MG_DL: Final = "mg/dL"
PERCENT: Final = "%"
PER_MINUTE: Final = "/min"
KILOGRAM: Final = "kg"
CELSIUS: Final = "Cel"

BLOOD_PRESSURE: Final = "blood_pressure"
GLUCOSE: Final = "glucose"
OXYGEN: Final = "oxygen"
WEIGHT: Final = "weight"
TEMPERATURE: Final = "temperature"


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit; HI and LO are results beyond what the meter shows as a number."""

    number: Decimal | Literal["HI", "LO"]
    unit: str


@dataclass(frozen=True, slots=True)
class Sample:
    """`at` is the wall clock of the person's device, without a zone."""

    subject: str
    kind: str
    at: datetime
    values: Mapping[str, Amount]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that could not be used, and why."""

    file: str
    line: int
    reason: str


@dataclass(slots=True)
class Faults:
    """Collects what a reader could not use."""

    found: list[Fault] = field(default_factory=list)

    def add(self, file: str, line: int, reason: str) -> None:
        """Note one line."""
        self.found.append(Fault(file, line, reason))

    def by_reason(self) -> Mapping[str, int]:
        """Return how often each reason came."""
        return Counter(fault.reason for fault in self.found)
