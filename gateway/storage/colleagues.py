"""Colleagues, as everybody in an organisation sees them: names and roles, no more."""

from datetime import datetime
from typing import Final
from uuid import UUID

from alerting.model import Queue
from device_profiles.reading import Frozen
from gateway.access.rights import Right, Role, rights_of
from gateway.errors import NotFound
from gateway.storage.database import Connection

LIST: Final = """
SELECT id, name, roles, since, demo, disabled_at IS NOT NULL AS disabled FROM app_person
WHERE (%(person)s::uuid IS NULL OR id = %(person)s)
  AND (%(after)s::uuid IS NULL OR (lower(name), id) > (
    SELECT lower(a.name), a.id FROM app_person a WHERE a.id = %(after)s))
ORDER BY lower(name), id LIMIT %(limit)s"""


class Colleague(Frozen):
    """Somebody who has a role here."""

    id: UUID
    name: str
    roles: tuple[Role, ...]
    since: datetime
    demo: bool
    disabled: bool

    def may(self, right: Right) -> bool:
        """Say whether it is allowed to them."""
        return not self.disabled and right in rights_of(frozenset(self.roles))

    def may_work_in(self, queue: Queue) -> bool:
        """Say whether tasks of this queue can be given to them."""
        return self.may(Right.TECHNICAL_TASKS if queue == "technical" else Right.TASKS_WORK)


def colleagues(
    connection: Connection, *, after: UUID | None = None, limit: int = 50
) -> tuple[Colleague, ...]:
    """Return people by name; `after` is the last one of the page before."""
    asked = {"person": None, "after": after, "limit": limit}
    return tuple(Colleague(**row) for row in connection.execute(LIST, asked))


def find_colleague(connection: Connection, person: UUID) -> Colleague:
    """Return one of them. Raises NotFound."""
    asked = {"person": person, "after": None, "limit": 1}
    row = connection.execute(LIST, asked).fetchone()
    if row is None:
        raise NotFound("Nobody of this organisation has this id.")
    return Colleague(**row)
