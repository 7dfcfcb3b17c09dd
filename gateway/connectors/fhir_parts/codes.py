"""Our codes as FHIR has them (R4, 4.0.1), both ways; what is not FHIR's own begins with `ROOT`.

Plain dictionaries, not models: the worker has 100 MB, of which fhir.resources takes 20; the tests
hold every resource against its R4B models instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from alerting.model import Severity
from gateway.care.moves import Status

Json = dict[str, Any]
INSTANT: Final = TypeAdapter(datetime)
ROOT: Final = "urn:hearthline"
"""As our own FHIR facade names them."""
LOINC: Final = "http://loinc.org"
MDC: Final = "urn:iso:std:iso:11073:10101"
UCUM: Final = "http://unitsofmeasure.org"
CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem"

LETTERS: Final = str.maketrans("0123456789", "ghijklmnop")
"""Nobody has to ask whether a number in a task is a measurement."""
# Every code of http://hl7.org/fhir/task-status. What nobody there does any more is everybody's
# again: who declines it, or fails at it, has not closed it.
STATUS: Final[Mapping[str, Status]] = MappingProxyType(
    {
        "draft": Status.REQUESTED,
        "requested": Status.REQUESTED,
        "received": Status.REQUESTED,
        "accepted": Status.ACCEPTED,
        "rejected": Status.REQUESTED,
        "ready": Status.ACCEPTED,
        "cancelled": Status.CANCELLED,
        "in-progress": Status.IN_PROGRESS,
        "on-hold": Status.ON_HOLD,
        "failed": Status.REQUESTED,
        "completed": Status.COMPLETED,
        "entered-in-error": Status.ENTERED_IN_ERROR,
    }
)
PRIORITY: Final[Mapping[Severity, str]] = MappingProxyType(
    {Severity.P1: "stat", Severity.P2: "asap", Severity.P3: "urgent", Severity.P4: "routine"}
)
SERIOUS: Final[Mapping[Severity, str]] = MappingProxyType(
    {Severity.P1: "high", Severity.P2: "high", Severity.P3: "moderate", Severity.P4: "low"}
)


def instant(at: datetime) -> str:
    """Return a moment as FHIR has it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: object) -> datetime | None:
    """Return a moment that is told with its zone; None for whatever else."""
    try:
        at = INSTANT.validate_python(text)
    except ValidationError:
        return None
    return at if at.tzinfo else None


@dataclass(frozen=True, slots=True)
class Names:
    """Identifier and code systems of ours."""

    root: str = ROOT

    def system(self, of: str) -> str:
        """Return the system of identifiers: `task`, `alert`, `reading`, `device`, `patient`."""
        return f"{self.root}:{of}"

    def identifier(self, of: str, value: object) -> Json:
        """Return an identifier of ours."""
        return {"system": self.system(of), "value": str(value)}

    def codes(self, of: str) -> str:
        """Return a code system: `urgency`, `outcome`, `queue`, `rule`, `task-state`."""
        return f"{self.root}:{of}"

    def concept(self, of: str, code: str, text: str | None = None) -> Json:
        """Return a concept of one of our code systems."""
        coded: Json = {"coding": [{"system": self.codes(of), "code": code}]}
        return coded | ({"text": text} if text else {})

    def coded(self, concept: object, of: str) -> str | None:
        """Return the code that a concept has in one of our systems."""
        codings = concept.get("coding", ()) if isinstance(concept, dict) else ()
        found = (each.get("code") for each in codings if each.get("system") == self.codes(of))
        return next(found, None)
