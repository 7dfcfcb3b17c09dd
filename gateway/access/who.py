"""Who asks: a person in a session, or a program with a key; always within one organisation."""

from dataclasses import dataclass
from uuid import UUID

from gateway.access.rights import Right, Role


@dataclass(frozen=True, slots=True)
class Who:
    """A signed-in person or program, as every request sees it."""

    id: UUID
    """Of the person, or of the program's registration."""
    name: str
    """As it stands in the audit and in the history of tasks."""
    organisation: UUID
    organisation_name: str
    roles: frozenset[Role]
    rights: frozenset[Right]
    session: UUID | None
    """The session; without: a program."""
    scopes: frozenset[str] | None = None
    """Of a token that was given for FHIR: what it opens there. It opens nothing else."""
    language: str = "en"
    zone: str = "UTC"

    def may(self, right: Right) -> bool:
        """Say whether it is allowed."""
        return right in self.rights
